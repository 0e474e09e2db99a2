// Makes a backbone as models/tiny was made, after npm run build:
//
//   node scripts/pretrain.mjs FOLDER [--recipe FILE.json] [--share 0.25] [--threads N]
//
// --share takes that share of the recipe's steps, with a learning rate that falls as in the whole; 0 gives
// the network untrained. Writes FOLDER/probe.json too: what a trained network knows of unseen phantoms,
// beside the same untrained.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileSafely } from '../dist/base/writeFile.node.js';
import { openCheckpoint } from '../dist/clip/checkpoint.node.js';
import { loadTokenizer } from '../dist/clip/tokenizer.node.js';
import { nodeRuntime } from '../dist/graph/runtime.node.js';
import { pretrain } from '../dist/train/pretraining/pretrain.node.js';
import { probeBackbone } from '../dist/train/pretraining/probe.js';
import { recipeSchema, shortened } from '../dist/train/pretraining/recipe.js';

const probing = { seed: 1_000_001, fitted: 96, measured: 192 };

const { values: flags, positionals } = parseArgs({
  options: {
    recipe: { type: 'string' },
    share: { type: 'string', default: '1' },
    threads: { type: 'string' },
  },
  allowPositionals: true,
});
const [folder] = positionals;
if (folder === undefined) {
  console.error(
    'Usage: node scripts/pretrain.mjs FOLDER [--recipe FILE] [--share S] [--threads N]',
  );
  process.exit(2);
}
const written = flags.recipe === undefined ? {} : JSON.parse(await readFile(flags.recipe, 'utf8'));
const recipe = shortened(recipeSchema.parse(written), Number(flags.share));
const runtime = nodeRuntime(flags.threads === undefined ? {} : { threads: Number(flags.threads) });
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());

await pretrain(recipe, folder, { runtime, onProgress: report(), signal: controller.signal });
if (Number(flags.share) === 0) process.exit();
const untrained = await mkdtemp(join(tmpdir(), 'iqe-untrained-'));
try {
  await pretrain(shortened(recipe, 0), untrained, { runtime });
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
  return probeBackbone(backbone, { ...probing, runtime });
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
