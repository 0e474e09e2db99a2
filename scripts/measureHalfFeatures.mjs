// Measures what half-precision features change in an evaluation, after npm run build:
//
//   node scripts/measureHalfFeatures.mjs RUN=DATA… [--threads N]
//
// Training reads the image tower's tokens in float16 (src/train/featureEncoder.ts); predictions never do.
// Each fitted RUN scores the test images of DATA twice, with its tokens as they are and rounded to float16
// and back; the table shows by how much the two evaluations differ.
import { parseArgs } from 'node:util';
import { squareMap } from '../dist/base/image.js';
import { imagePlanes } from '../dist/clip/preprocess.js';
import { ImageReader } from '../dist/data/imageReader.node.js';
import { readDataSet } from '../dist/data/layouts/read.node.js';
import { readingOptions } from '../dist/data/readingSettings.js';
import { cast } from '../dist/graph/elementwise.js';
import { nodeRuntime } from '../dist/graph/runtime.node.js';
import { calibrated } from '../dist/metrics/calibration.js';
import { EvaluationAccumulator, metricValues } from '../dist/metrics/evaluation.js';
import { openBackbone } from '../dist/train/backbone.node.js';
import { evaluationSamples } from '../dist/train/evaluate.node.js';
import { openMethod } from '../dist/train/openMethod.js';
import { Predictor } from '../dist/train/predictor.js';
import { RunFolder } from '../dist/train/runFolder.node.js';
import { squareMask } from '../dist/train/supportViews.js';

const { values: flags, positionals } = parseArgs({
  options: { threads: { type: 'string' } },
  allowPositionals: true,
});
const pairs = positionals.map((one) => one.split('='));
if (pairs.length === 0 || pairs.some((pair) => pair.length !== 2)) {
  console.error('Usage: node scripts/measureHalfFeatures.mjs RUN=DATA…');
  process.exit(2);
}
const runtime = nodeRuntime(flags.threads === undefined ? {} : { threads: Number(flags.threads) });

console.log('| set | images | largest change of a metric | which | of a raw score | of a map |');
console.log('| --- | ---: | ---: | --- | ---: | ---: |');
for (const [path, data] of pairs) {
  const { set, images, metric, change, score, map } = await measure(path, data);
  const numbers = [score, map].map((value) => value.toExponential(1));
  console.log(
    `| ${set} | ${images} | ${change.toExponential(1)} | ${metric} | ${numbers.join(' | ')} |`,
  );
}

/** The largest differences between both evaluations of one run. */
async function measure(path, data) {
  const folder = new RunFolder(path);
  const run = await folder.read();
  const { config, decision } = run;
  const dataSet = await readDataSet(data, {});
  const samples = evaluationSamples(dataSet, 'test', run.data);
  const backbone = await openBackbone(config.backbone, {});
  const fitted = await folder.openWeights();
  const method = await openMethod(backbone, config, runtime, run.data.masks);
  const { sessionOptions } = backbone.checkpoint;
  const predictors = [];
  for (const one of [method, inHalf(method)]) {
    predictors.push(
      await Predictor.create({ method: one, sessionOptions, fitted, seed: config.seed }, runtime),
    );
  }
  const accumulators = predictors.map(
    () =>
      new EvaluationAccumulator({
        threshold: decision.threshold?.threshold ?? null,
        pixelThreshold: decision.mapThreshold,
        pixelIntervals: false,
      }),
  );
  const reader = new ImageReader(readingOptions(config.reading));
  const largest = { score: 0, map: 0 };
  for (const sample of samples) {
    const image = await reader.image(sample.imagePath);
    const mask = await reader.sampleMask(sample, dataSet, image);
    const planes = imagePlanes(image, method.imageSize);
    const predictions = [];
    for (const [index, predictor] of predictors.entries()) {
      const [{ score, map }] = await predictor.predict([planes]);
      predictions.push({ score, map });
      accumulators[index].add({
        score: calibrated(decision.calibration, score),
        rawScore: score,
        label: sample.label,
        map: dataSet.hasMasks && map ? squareMap(map) : null,
        mask:
          dataSet.hasMasks && mask
            ? squareMap(Float32Array.from(squareMask(mask, method.imageSize)))
            : null,
      });
    }
    const [whole, half] = predictions;
    largest.score = Math.max(largest.score, Math.abs(whole.score - half.score));
    for (const [i, value] of (whole.map ?? []).entries()) {
      largest.map = Math.max(largest.map, Math.abs(value - half.map[i]));
    }
  }
  for (const predictor of predictors) await predictor.release();
  const [whole, half] = accumulators.map((accumulator) => metricValues(accumulator.result()));
  const changes = Object.entries(whole)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, Math.abs(value - half[name])])
    .sort((a, b) => b[1] - a[1]);
  const [metric, change] = changes[0];
  return { set: dataSet.name, images: samples.length, metric, change, ...largest };
}

/** The method with its tokens [B, N, D] rounded as the cache rounds them. */
function inHalf(method) {
  return {
    ...method,
    features: (pixelValues) =>
      Object.fromEntries(
        Object.entries(method.features(pixelValues)).map(([name, tensor]) => [
          name,
          tensor.rank > 2 ? cast(cast(tensor, 'float16'), 'float32') : tensor,
        ]),
      ),
  };
}
