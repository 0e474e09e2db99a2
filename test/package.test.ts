import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { compiledPackage } from './support/commandLine.js';
import { png } from './support/images.js';
import { drawSpot } from './support/smallDataSet.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  files: string[];
  bin: Record<string, string>;
  dependencies: Record<string, string>;
};

let packed: { files: { path: string }[]; size: number; filename: string };
let source: string;
/** A project that has installed the package, as npm lays it out. */
let project: string;

/** Writes the examples of the README and of docs/browser.md into the project; gives their names. */
function readmeExamples(): string[] {
  const text = ['README.md', join('docs', 'browser.md')]
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .join('\n');
  const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  return examples.map((code, index) => {
    writeFileSync(join(project, `example${index}.ts`), code);
    return `example${index}.ts`;
  });
}

const run = (command: string, words: readonly string[]) =>
  execFileSync(command, words, { cwd: project, encoding: 'utf8', stdio: 'pipe' });

function pack(): void {
  source = compiledPackage();
  for (const name of manifest.files.filter((name) => name !== 'dist'))
    cpSync(join(root, name), join(source, name), { recursive: true });
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', source];
  const told = JSON.parse(execFileSync('npm', words, { cwd: source, encoding: 'utf8' })) as unknown;
  packed = Object.values(told as object)[0];
}

/** What `npm install` does, without a registry: unpacks, makes commands, puts dependencies beside it. */
function install(): void {
  project = mkdtempSync(join(tmpdir(), 'iqe-clip-project-'));
  const place = join(project, 'node_modules', 'iqe-clip');
  mkdirSync(place, { recursive: true });
  run('tar', ['-xzf', join(source, packed.filename), '-C', place, '--strip-components=1']);
  const installed = [...Object.keys(manifest.dependencies), 'onnxruntime-web', '@types/node'];
  for (const name of installed) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  const command = join(place, manifest.bin['iqe-clip']!);
  chmodSync(command, 0o755);
  mkdirSync(join(project, 'node_modules', '.bin'));
  symlinkSync(command, join(project, 'node_modules', '.bin', 'iqe-clip'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
}

beforeAll(() => {
  pack();
  install();
});
afterAll(() => {
  for (const folder of [project, source]) rmSync(folder, { recursive: true, force: true });
});

describe('the package', () => {
  it('holds what is needed and nothing else', () => {
    const kinds = [
      /^dist\/[\w/.-]+\.(js|d\.ts)$/,
      /^models\/tiny\/[\w/.-]+$/,
      /^configs\/[\w/.-]+\.yaml$/,
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD-PARTY\.md)$/,
    ];
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !kinds.some((kind) => kind.test(path)))).toEqual([]);
    expect(paths.filter((path) => /test|golden/i.test(path))).toEqual([]);
    for (const name of ['index', 'node', 'web']) {
      expect(paths).toContain(`dist/${name}.js`);
      expect(paths).toContain(`dist/${name}.d.ts`);
    }
    expect(packed.size).toBeLessThan(16e6);
  });

  it("has types for a strict project, and for the README's examples", () => {
    writeFileSync(
      join(project, 'consumer.ts'),
      `import { AnomalyDetector as Detector, IqeError, type RasterImage } from 'iqe-clip';
      import { AnomalyDetector } from 'iqe-clip/node';
      import { AnomalyDetector as WebDetector } from 'iqe-clip/web';

      export async function scoreOf(path: string): Promise<number> {
        const detector = await AnomalyDetector.fromPretrained('tiny', { progress_callback: console.log });
        const { score } = await detector.predict(path);
        // @ts-expect-error A path is no image outside of Node.
        await (await WebDetector.fromPretrained('/run')).predict(path);
        // @ts-expect-error Labels are two.
        await detector.fit([{ image: path, label: 'odd' }]);
        return score;
      }
      export const scoreHere = (detector: Detector, image: RasterImage) => detector.predict(image);
      export const codeOf = (error: unknown) => (error instanceof IqeError ? error.code : null);
      `,
    );
    const examples = readmeExamples();
    expect(examples).toHaveLength(3);
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'NodeNext',
          target: 'ES2023',
          strict: true,
          noEmit: true,
          exactOptionalPropertyTypes: true,
          types: ['node'],
        },
        files: ['consumer.ts', ...examples],
      }),
    );
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.']);
  });

  it('runs by npx', () => {
    expect(run('npx', ['--offline', 'iqe-clip', '--version']).trim()).toBe(manifest.version);
  });

  it('learns and predicts from a module', async () => {
    for (const abnormal of [false, true]) {
      const { image, mask } = drawSpot(48, abnormal, new Random(1));
      writeFileSync(join(project, `${abnormal}.png`), await png(48, 48, 1, image));
      writeFileSync(join(project, 'mask.png'), await png(48, 48, 1, mask));
    }
    writeFileSync(
      join(project, 'use.js'),
      `import { resizeMap } from 'iqe-clip';
      import { AnomalyDetector } from 'iqe-clip/node';
      const detector = await AnomalyDetector.fromPretrained('tiny');
      await detector.fit(
        [
          { image: 'false.png', label: 'normal' },
          { image: 'true.png', label: 'abnormal', mask: 'mask.png' },
        ],
        {
          config: {
            model: { queryModule: { blocks: 1 } },
            training: { epochs: 1, augmentations: ['identity'] },
          },
        },
      );
      const { score, map } = await detector.predict('true.png');
      await detector.dispose();
      console.log(JSON.stringify({ score, width: resizeMap(map, 24, 24).width }));
      `,
    );
    const { score, width } = JSON.parse(run(process.execPath, ['use.js']));
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
    expect(width).toBe(24);
  });
});

describe('THIRD-PARTY.md', () => {
  it('is current', () => {
    run(process.execPath, [join(root, 'scripts', 'thirdParty.mjs'), '--check']);
  });
});
