import type { BenchmarkConfig } from './config.js';

/** Printed numbers of a benchmark, 0…1. */
export class Published {
  readonly #values = new Map<string, number>();
  /** Methods with printed numbers in a setting, in their order. */
  readonly #methods = new Map<string, Set<string>>();
  readonly sources: readonly string[];

  constructor({ published }: Pick<BenchmarkConfig, 'published'>) {
    this.sources = [...new Set(published.map(({ source }) => source))];
    for (const { setting, metrics, values } of published) {
      const methods = this.#methods.get(setting) ?? new Set();
      this.#methods.set(setting, methods);
      for (const [method, sets] of Object.entries(values)) {
        methods.add(method);
        for (const [set, printed] of Object.entries(sets)) {
          for (const [index, value] of [printed].flat().entries()) {
            const metric = metrics[index];
            if (metric === undefined || value === null) continue;
            this.#values.set(key(setting, method, set, metric), value / 100);
          }
        }
      }
    }
  }

  methods(setting: string): string[] {
    return [...(this.#methods.get(setting) ?? [])];
  }

  value(setting: string, method: string, set: string, metric: string): number | null {
    return this.#values.get(key(setting, method, set, metric)) ?? null;
  }

  /** The mean over `sets` where each of them has a printed number. */
  mean(setting: string, method: string, sets: readonly string[], metric: string): number | null {
    const values = sets.map((set) => this.value(setting, method, set, metric));
    if (values.length === 0 || values.includes(null)) return null;
    return values.reduce<number>((sum, value) => sum + (value as number), 0) / values.length;
  }
}

function key(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
