import type { Random } from '../base/random.js';
import { multiply } from '../graph/elementwise.js';
import type { HostTensor } from '../graph/session.js';
import type { Shape } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';

interface Mask {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * Dropout whose masks are inputs of the graph, drawn outside: the same on every runtime, and repeated
 * exactly when a run is resumed. Kept elements are scaled by 1 / (1 − rate).
 */
export class Dropout {
  readonly rate: number;
  readonly #masks: Mask[] = [];

  constructor(rate: number) {
    this.rate = rate;
  }

  /** `x` with some of its elements dropped; as it is at rate 0. */
  apply = (x: Tensor): Tensor => {
    if (this.rate === 0) return x;
    const mask = { name: `dropout.${this.#masks.length}`, shape: x.shape };
    this.#masks.push(mask);
    return multiply(x, input(mask.name, mask.shape));
  };

  /** Room for the masks of batches of `batch`, to be filled by {@link draw}. */
  allocate(batch: number): Record<string, HostTensor> {
    return Object.fromEntries(
      this.#masks.map(({ name, shape }) => {
        const sizes = shape.map((size) =>
          typeof size === 'number' ? size : size.coefficient * batch,
        );
        const data = new Float32Array(sizes.reduce((a, b) => a * b, 1));
        return [name, { data: data.fill(1), shape: sizes }];
      }),
    );
  }

  /** Fills masks with 0 or 1 / (1 − rate). */
  draw(masks: Readonly<Record<string, HostTensor>>, random: Random): void {
    const kept = 1 / (1 - this.rate);
    const threshold = this.rate * 0x1_0000_0000;
    for (const { data } of Object.values(masks)) {
      for (let i = 0; i < data.length; i++) data[i] = random.bits() < threshold ? 0 : kept;
    }
  }
}
