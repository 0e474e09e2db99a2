import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { expectRelative } from '../../test/support/close.js';
import { evaluate, host, hostIntegers } from '../../test/support/evaluate.js';
import { formulaValues, formulaWeights } from '../../test/support/formulaWeights.js';
import { type RecordedTensor, recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import { openWeights } from '../clip/checkpoint.node.js';
import { add, square } from '../graph/elementwise.js';
import { grad } from '../graph/gradient.js';
import { meanAll } from '../graph/reduce.js';
import { B } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import { BatchStatistics } from '../nn/convolution.js';
import { Parameters } from '../nn/parameters.js';
import { parseBertConfig } from './bertConfig.js';
import { efficientNet, efficientNetConfigs } from './efficientnet.js';
import { medClipImage, medClipPixels, medClipText, medClipWidth } from './medclip.js';
import { imagenetNormalized } from './normalization.js';
import { type ResNetMaps, resnet, resnetConfigs, resnetPooled } from './resnet.js';
import { vgg, vgg16Layers } from './vgg.js';

interface Recording {
  readonly seed: number;
  readonly size: number;
  readonly first_weights: Record<string, Record<string, number[]>>;
}

const folder = `${goldenFolder}/backbones`;
const tensors = (name: string) =>
  recordedTensors(`${folder}/${name}.safetensors`) as Record<
    string,
    RecordedTensor & { data: Float32Array }
  >;

describeWith(`${folder}/golden.json`, 'backbones against recorded values', () => {
  const {
    seed,
    size,
    first_weights: firstWeights,
  } = goldenJson<Recording>('backbones/golden.json');
  const bytes = tensors('inputs').image_bytes!;
  const planes = Float32Array.from(bytes.data, (byte) => byte / 255);
  const pixelValues = input('pixelValues', [B, 3, size, size]);
  const pixels = imagenetNormalized(pixelValues);

  /** Runs a network on parameters by the recording's formula. */
  async function run(build: (parameters: Parameters) => Record<string, Tensor>) {
    const parameters = new Parameters();
    const outputs = build(parameters);
    const weights = formulaWeights(seed, parameters.list);
    return evaluate(outputs, { ...weights, pixelValues: host(planes, bytes.shape) });
  }

  function expectRecorded(
    actual: Record<string, { data: Float32Array }>,
    name: string,
    tolerance: (tensor: string) => number = () => 1e-4,
  ) {
    for (const [tensor, { data }] of Object.entries(tensors(name))) {
      expect(actual[tensor], `a value of '${tensor}'`).toBeDefined();
      expectRelative(actual[tensor]!.data, data, tolerance(tensor), `${name}: ${tensor}`);
    }
  }

  const named = ({ stem, stages }: ResNetMaps) => ({
    stem,
    ...Object.fromEntries(stages.map((map, i) => [`layer${i + 1}`, map])),
  });

  it('has the formula of the weights', () => {
    for (const [network, first] of Object.entries(firstWeights)) {
      for (const [name, values] of Object.entries(first)) {
        const shape = name.startsWith('conv_stem') || name === 'features.0.weight' ? 3 : 7;
        const ours = formulaValues(seed, name, [64, 3, shape, shape]).slice(0, values.length);
        expectRelative(ours, values, 1e-6, network);
      }
    }
  });

  it.each(Object.entries(resnetConfigs))('%s', async (name, config) => {
    const values = await run(({ weights }) => {
      const maps = resnet(pixels, weights, config);
      return { ...named(maps), avgpool: resnetPooled(maps) };
    });
    expectRecorded(values, name);
  });

  it('vgg16', async () => {
    const values = await run(({ weights }) => {
      const maps = vgg(pixels, weights, vgg16Layers, { bias: true });
      const numbers = [4, 9, 16, 23, 30];
      return Object.fromEntries(maps.map((map, i) => [`features.${numbers[i]}`, map]));
    });
    expectRecorded(values, 'vgg16');
  });

  it('tf_efficientnet_b6', async () => {
    const values = await run(({ weights }) => {
      const maps = efficientNet(pixels, weights, efficientNetConfigs.tf_efficientnet_b6);
      return Object.fromEntries(maps.map((map, i) => [`feature.${i}`, map]));
    });
    expectRecorded(values, 'tf_efficientnet_b6');
  });

  it('resnet18 in training: values, gradients, running statistics', async () => {
    const values = await run(({ weights }) => {
      const statistics = new BatchStatistics();
      const maps = resnet(pixels, weights, resnetConfigs.resnet18, statistics);
      const loss = [maps.stem, ...maps.stages].map((map) => meanAll(square(map))).reduce(add);
      const wanted = Object.keys(tensors('resnet18_training'));
      const parts = (prefix: string) =>
        wanted.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
      const trained = parts('gradient.');
      const inputs = trained.map((name) => weights.get(name, shapeOf(name)));
      const gradients = grad(loss, inputs);
      return {
        ...named(maps),
        loss,
        ...Object.fromEntries(trained.map((name, i) => [`gradient.${name}`, gradients[i]!])),
        ...Object.fromEntries(
          parts('after.').map((name) => [`after.${name}`, statistics.updates[name]!]),
        ),
      };
    });
    const shapes = tensors('resnet18_training');
    expect(Object.keys(values).length).toBe(Object.keys(shapes).length);
    expectRecorded(values, 'resnet18_training', (name) =>
      name.startsWith('gradient.') ? 1e-3 : 1e-4,
    );

    function shapeOf(name: string): number[] {
      return tensors('resnet18_training')[`gradient.${name}`]!.shape;
    }
  });

  it('MedCLIP', async () => {
    const expected = tensors('medclip/expected');
    const opened = await openWeights(`${folder}/medclip/bert`);
    const json = readFileSync(`${folder}/medclip/bert/config.json`, 'utf8');
    const config = parseBertConfig(json, 'bert');
    const [batch, length] = expected.input_ids!.shape as [number, number];
    const parameters = new Parameters();
    const ids = input('ids', [B, length], 'int64');
    const mask = input('mask', [B, length]);
    const { pooled, embedding } = medClipText(
      ids,
      mask,
      { bert: opened.tensors.weights, projection: parameters.weights.at('projection_head') },
      config,
    );
    const texts = await evaluate(
      { pooled, text_embeds: embedding },
      {
        ids: hostIntegers(expected.input_ids!.data, [batch, length]),
        mask: host(expected.attention_mask!.data, [batch, length]),
        'projection_head.weight': host(
          expected.text_projection!.data,
          expected.text_projection!.shape,
        ),
      },
      opened.sessionOptions,
    );
    const images = await run(({ weights }) => ({
      image_embeds: medClipImage(medClipPixels(pixelValues), weights),
    }));
    const logits = similarities(images.image_embeds!.data, texts.text_embeds!.data);
    const actual: Record<string, { data: ArrayLike<number> }> = { ...texts, ...images, logits };
    for (const [name, { data }] of Object.entries(actual)) {
      expectRelative(data, expected[name]!.data, 1e-4, `MedCLIP: ${name}`);
    }

    /** Cosines over 0.07, every image with every text. */
    function similarities(a: Float32Array, b: Float32Array): { data: number[] } {
      const rows = (x: Float32Array) =>
        Array.from({ length: x.length / medClipWidth }, (_, i) =>
          x.slice(i * medClipWidth, (i + 1) * medClipWidth),
        );
      const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
      return { data: rows(a).flatMap((x) => rows(b).map((y) => dot(x, y) / 0.07)) };
    }
  });
});
