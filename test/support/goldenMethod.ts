import { expect } from 'vitest';
import type { Checkpoint } from '../../src/clip/checkpoint.js';
import { openCheckpoint } from '../../src/clip/checkpoint.node.js';
import { normalizePlanes } from '../../src/clip/preprocess.js';
import type { Tokenizer } from '../../src/clip/tokenizer.js';
import { loadTokenizer } from '../../src/clip/tokenizer.node.js';
import type { HostTensor } from '../../src/graph/session.js';
import { type Parameter, Weights } from '../../src/nn/parameters.js';
import { expectWithin } from './close.js';
import { type RecordedTensor, recordedTensors } from './safetensors.js';
import { goldenFolder, goldenJson } from './shared.js';

/** What every recording of a comparison system says of itself. */
export interface MethodRecording {
  readonly clip: string;
  readonly image_size: number;
  readonly stages: number[];
}

export type FloatTensors = Record<string, RecordedTensor & { readonly data: Float32Array }>;

/** A recorded comparison system. */
export class GoldenMethod<Recording extends MethodRecording> {
  readonly recording: Recording;
  readonly #folder: string;

  constructor(name: string) {
    this.#folder = `methods/${name}`;
    this.recording = goldenJson(`${this.#folder}/golden.json`);
  }

  /** The folder whose presence the tests depend on. */
  static path(name: string): string {
    return `${goldenFolder}/methods/${name}/golden.json`;
  }

  /** The recording's CLIP, with CLIP's own tokenizer. */
  async backbone(): Promise<{ checkpoint: Checkpoint; tokenizer: Tokenizer }> {
    const checkpoint = await openCheckpoint(`${goldenFolder}/methods/${this.recording.clip}`);
    return { checkpoint, tokenizer: await loadTokenizer() };
  }

  /** The tensors of one of the recording's files. */
  tensors(file: string): FloatTensors {
    return recordedTensors(`${this.#folder}/${file}.safetensors`) as unknown as FloatTensors;
  }

  /** Recorded bytes [B, 3, S, S] as the method is given them. */
  pixels(name: string, normalization: 'clip' | 'none'): HostTensor {
    const { data, shape } = this.tensors('inputs')[name]!;
    const pixels = Float32Array.from(data, (byte) => byte / 255);
    const imageLength = pixels.length / shape[0]!;
    for (let start = 0; start < pixels.length; start += imageLength) {
      const planes = pixels.subarray(start, start + imageLength);
      normalizePlanes(planes.slice(), normalization, planes);
    }
    return { data: pixels, shape };
  }

  /** Fails unless image 0 is normalised as the authors do. */
  expectNormalised(normalization: 'clip' | 'none'): void {
    const { data } = this.tensors('inputs').first_image_normalised!;
    const pixels = this.pixels('image_bytes', normalization).data as Float32Array;
    expectWithin(pixels.slice(0, data.length), data, 1e-5, 'first image, normalised');
  }

  /** `label` [B] and `mask` [B, S, S]. */
  targets(): { label: HostTensor; mask: HostTensor } {
    const { label, mask } = this.tensors('inputs');
    const [batch, , height, width] = mask!.shape as [number, number, number, number];
    return {
      label: { data: Float32Array.from(label!.data), shape: [batch] },
      mask: { data: Float32Array.from(mask!.data), shape: [batch, height, width] },
    };
  }

  /**
   * Fails unless every recorded gradient is met within `tolerance` of the largest of the file: some
   * are zero in theory, and recorded as rounding noise.
   *
   * @param ours Our name of a recorded parameter; nothing for those that we do not have.
   */
  expectGradients(
    actual: Readonly<Record<string, { readonly data: ArrayLike<number> }>>,
    file: string,
    ours: (name: string) => string | undefined,
    tolerance: number,
  ): void {
    const recorded = Object.entries(this.tensors(file));
    const bound = tolerance * Math.max(...recorded.map(([, { data }]) => largest(data)));
    for (const [name, { data }] of recorded) {
      const own = ours(name);
      if (own === undefined) continue;
      expect(actual[own], `a gradient of '${name}'`).toBeDefined();
      expectWithin(actual[own]!.data, data, bound, `gradient of ${name}`);
    }
  }
}

/** Recorded tokens [B, 1 + N, C] without the class token. */
export function patchTokens({ data, shape }: FloatTensors[string]): Float32Array {
  const [batch, tokens, width] = shape as [number, number, number];
  const images = Array.from({ length: batch }, (_, b) =>
    data.subarray((b * tokens + 1) * width, (b + 1) * tokens * width),
  );
  return Float32Array.from(images.flatMap((image) => [...image]));
}

/** Values scaled to 0…1 by their smallest and largest, as some authors do over the images of a set. */
export function minMax(values: Float32Array): Float32Array {
  const [low, high] = [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];
  return values.map((value) => (value - low) / (high - low));
}

/** The tensors of parameters as a model's weights. */
export function weightsOf(parameters: readonly Parameter[]): Weights {
  const tensors = new Map(parameters.map(({ name, tensor }) => [name, tensor]));
  return new Weights((name) => tensors.get(name)!);
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
