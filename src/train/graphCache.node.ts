import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedFolder } from '../base/boundedFolder.node.js';
import { onnxRuntimeVersion } from '../graph/onnxRuntime.node.js';
import { BatchDimension } from '../graph/shape.js';
import type { GraphStore, KeptGraph } from './predictor.js';

/** Changes whenever graphs are kept in another form. */
const formatVersion = 2;

/** Graphs take some megabytes each: the texts' part of CLIP, folded, and small constants. */
const mostBytes = 256e6;

/**
 * The graph of a fitted model as it is run, kept on disk: as long as nothing changed, no prompt is read
 * again and nothing is built or folded anew.
 */
export class GraphCache implements GraphStore {
  readonly #folder: BoundedFolder;
  readonly #name: string;

  private constructor(folder: string, key: string) {
    this.#folder = new BoundedFolder(folder, mostBytes, (name) => name.endsWith('.graph'));
    this.#name = `${key}.graph`;
  }

  /**
   * @param version Of this package.
   * @param model All else that decides on the graph, besides its weight files.
   * @param weightFiles The files that it reads: they are told apart by path, size and time of change.
   */
  static async open(
    folder: string,
    version: string,
    model: unknown,
    weightFiles: readonly string[],
  ): Promise<GraphCache> {
    const files: unknown[] = [];
    for (const path of weightFiles) {
      const { size, mtimeMs } = await stat(path);
      files.push([path, size, mtimeMs]);
    }
    const parts = [formatVersion, version, onnxRuntimeVersion, model, files];
    const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
    return new GraphCache(join(folder, 'graphs'), key);
  }

  async load(): Promise<KeptGraph | undefined> {
    const bytes = await readFile(this.#folder.path(this.#name)).catch(() => undefined);
    const end = bytes?.indexOf('\n') ?? -1;
    if (!bytes || end < 0) return undefined;
    try {
      const { ports, ...facts } = JSON.parse(bytes.toString('utf8', 0, end), revived);
      await this.#folder.touch(this.#name);
      return { ...facts, graph: { ...ports, body: bytes.subarray(end + 1) } };
    } catch {
      return undefined;
    }
  }

  async save({ graph, ...facts }: KeptGraph): Promise<void> {
    const { body, ...ports } = graph;
    const header = Buffer.from(`${JSON.stringify({ ...facts, ports })}\n`);
    await this.#folder.write(this.#name, [header, body]);
  }
}

/** Batch dimensions are objects of a class. */
function revived(_key: string, value: unknown): unknown {
  const { coefficient } = (value ?? {}) as Partial<BatchDimension>;
  return typeof coefficient === 'number' ? new BatchDimension(coefficient) : value;
}
