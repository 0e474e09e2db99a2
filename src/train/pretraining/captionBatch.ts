import type { Random } from '../../base/random.js';
import type { ClipConfig } from '../../clip/config.js';
import { gridSize } from '../../clip/imageTower.js';
import type { Tokenizer } from '../../clip/tokenizer.js';
import type { HostTensor } from '../../graph/session.js';
import { captionTargets } from './contrastiveLoss.js';
import type { PhantomPool } from './phantomPool.js';
import type { BatchShape } from './pretrainModel.js';
import { drawStatePrompts } from './statePrompts.js';
import { choosePatches, drawView, patchCoverage, writePatches } from './views.js';

/** A patch of which this share is lesion counts as abnormal as one that is lesion throughout. */
const fullCoverage = 0.25;

/** Host tensors of one batch, filled again at each step; inputs of `pretrainGraph`. */
export class CaptionBatch {
  readonly feeds: Readonly<Record<string, HostTensor & { readonly data: Float32Array }>>;
  readonly #config: ClipConfig;
  readonly #shape: BatchShape;
  readonly #tokenizer: Tokenizer;

  constructor(config: ClipConfig, shape: BatchShape, tokenizer: Tokenizer) {
    const { pairs, patches, tokens } = shape;
    const { patchSize } = config.vision;
    this.#config = config;
    this.#shape = shape;
    this.#tokenizer = tokenizer;
    this.feeds = {
      pixelValues: zeros([pairs, 3, patchSize, patches * patchSize]),
      patchPlaces: zeros([pairs, 1 + patches]),
      tokenIds: zeros([pairs + 2, tokens]),
      endPlaces: zeros([pairs + 2, tokens]),
      captionTargets: zeros([pairs, pairs]),
      imageWeights: zeros([pairs, 2]),
      patchWeights: zeros([pairs, patches, 2]),
    };
  }

  /**
   * New views of phantoms with their captions, and a new pair of state prompts.
   *
   * @param indices Which phantoms of the pool, one for each pair.
   */
  fill(pool: PhantomPool, indices: readonly number[], random: Random): void {
    const { pairs, patches } = this.#shape;
    const { patchSize, imageSize } = this.#config.vision;
    const grid = gridSize(this.#config, imageSize);
    const { pixelValues, patchPlaces, captionTargets: targets } = this.feeds;
    const pixels = pixelValues!.data.length / pairs;
    const isAbnormal = new Float32Array(pairs);
    const abnormality = new Float32Array(pairs * patches);
    for (const [row, index] of indices.entries()) {
      const phantom = pool.at(index);
      const view = drawView(random);
      const focus = patchAt(pool.focus(phantom, random), view, imageSize, patchSize);
      const chosen = choosePatches(grid, patches, focus, random);
      const into = pixelValues!.data.subarray(row * pixels, (row + 1) * pixels);
      writePatches(phantom, view, chosen, patchSize, into);
      patchPlaces!.data.set([0, ...chosen.map((patch) => 1 + patch)], row * (1 + patches));
      const coverage = patchCoverage(phantom, view, chosen, patchSize);
      for (const [k, share] of coverage.entries()) {
        abnormality[row * patches + k] = Math.min(1, share / fullCoverage);
      }
      isAbnormal[row] = phantom.lesion ? 1 : 0;
    }
    const captions = indices.map((index) => pool.at(index).caption);
    this.#writeTexts([...captions, ...drawStatePrompts(random)]);
    targets!.data.set(captionTargets(captions));
    writeStateWeights(isAbnormal, this.feeds.imageWeights!.data);
    writeStateWeights(abnormality, this.feeds.patchWeights!.data);
  }

  #writeTexts(texts: readonly string[]): void {
    const { tokens } = this.#shape;
    const { tokenIds, endPlaces } = this.feeds;
    tokenIds!.data.fill(this.#tokenizer.endToken);
    endPlaces!.data.fill(0);
    for (const [row, text] of texts.entries()) {
      const ids = this.#tokenizer.encodeToLength(text, tokens);
      tokenIds!.data.set(ids, row * tokens);
      endPlaces!.data[row * tokens + ids.length - 1] = 1;
    }
  }
}

/** The patch of a view in which a pixel of the picture lies. */
function patchAt(
  pixel: number,
  view: { readonly right: number; readonly down: number },
  imageSize: number,
  patchSize: number,
): number {
  const grid = Math.floor(imageSize / patchSize);
  const place = (position: number) =>
    Math.min(grid - 1, Math.max(0, Math.floor(position / patchSize)));
  const row = place(Math.floor(pixel / imageSize) - view.down);
  return row * grid + place((pixel % imageSize) - view.right);
}

/**
 * Weights of `stateLoss`: both states count one half each in all, however rare one is; all of the
 * weight goes to the only state that there is.
 *
 * @param abnormality 0…1 of each image or patch
 * @param into [n, 2]: normal, abnormal
 */
export function writeStateWeights(abnormality: Float32Array, into: Float32Array): void {
  const abnormal = abnormality.reduce((total, value) => total + value, 0);
  const normal = abnormality.length - abnormal;
  const share = abnormal > 0 && normal > 0 ? 0.5 : 1;
  for (const [index, value] of abnormality.entries()) {
    into[2 * index] = normal > 0 ? (share * (1 - value)) / normal : 0;
    into[2 * index + 1] = abnormal > 0 ? (share * value) / abnormal : 0;
  }
}

function zeros(shape: readonly number[]) {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return { data: new Float32Array(size), shape };
}
