// Makes a backbone as models/tiny was made: node scripts/pretrain.mjs FOLDER [RECIPE.json], after
// npm run build. Writes FOLDER/probe.json too: what the network knows of unseen phantoms, beside the
// same network untrained.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileSafely } from '../dist/base/writeFile.node.js';
import { openCheckpoint } from '../dist/clip/checkpoint.node.js';
import { loadTokenizer } from '../dist/clip/tokenizer.node.js';
import { nodeRuntime } from '../dist/graph/runtime.node.js';
import { pretrain } from '../dist/train/pretraining/pretrain.node.js';
import { probeBackbone } from '../dist/train/pretraining/probe.js';
import { recipeSchema } from '../dist/train/pretraining/recipe.js';

const probing = { seed: 1_000_001, fitted: 96, measured: 192 };

const [folder, recipePath] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node scripts/pretrain.mjs FOLDER [RECIPE.json]');
  process.exit(2);
}
const recipe = recipeSchema.parse(
  recipePath === undefined ? {} : JSON.parse(await readFile(recipePath, 'utf8')),
);
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());

await pretrain(recipe, folder, { onProgress: report(), signal: controller.signal });
const untrained = await mkdtemp(join(tmpdir(), 'iqe-untrained-'));
try {
  const start = { ...recipe, firstImages: 1, phases: [{ steps: 0, patches: 1 }] };
  await pretrain(start, untrained);
  const probes = { probing, pretrained: await probe(folder), untrained: await probe(untrained) };
  await writeFileSafely(join(folder, 'probe.json'), `${JSON.stringify(probes, null, 2)}\n`);
  console.log(JSON.stringify(probes, null, 2));
} finally {
  await rm(untrained, { recursive: true });
}

async function probe(path) {
  const backbone = {
    checkpoint: await openCheckpoint(path),
    tokenizer: await loadTokenizer(path),
  };
  return probeBackbone(backbone, { ...probing, runtime: nodeRuntime() });
}

/** A line every ten seconds. */
function report() {
  const start = Date.now();
  let last = start;
  let mean;
  return ({ stage, done, total, unit, loss }) => {
    if (loss !== undefined) mean = mean === undefined ? loss : 0.9 * mean + 0.1 * loss;
    if (Date.now() - last < 10_000 && done !== total) return;
    last = Date.now();
    const seconds = Math.round((last - start) / 1000);
    const shown = mean === undefined ? '' : `, loss ${mean.toFixed(3)}`;
    console.error(`${seconds} s: ${stage} ${done} of ${total} ${unit}${shown}`);
  };
}
