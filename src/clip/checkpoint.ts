import type { SessionOptions } from '../graph/session.js';
import { checkpointIdentity } from './checkpointIdentity.js';
import { type ClipConfig, parseClipConfig } from './config.js';
import { type WeightFile, WeightFiles } from './weightFiles.js';

/** A CLIP checkpoint in Hugging Face's format. */
export interface Checkpoint {
  readonly config: ClipConfig;
  readonly tensors: WeightFiles;
  /** What a session needs to find the weights. */
  readonly sessionOptions: SessionOptions;
  /** Changes when the weights change. */
  readonly identity: string;
  /** Like `identity`, of the image tower, whose weights may be held in int8: for cached features. */
  readonly imageTowerIdentity: string;
}

/**
 * A checkpoint whose files are in memory, as in a browser; `openCheckpoint` opens one from a folder.
 *
 * @param config Text of `config.json`.
 * @param files Bytes of the weight files by name.
 * @param where Where they came from, for errors.
 * @throws {IqeError} `checkpoint` if a file is damaged.
 */
export async function checkpointFromBytes(
  config: string,
  files: Readonly<Record<string, Uint8Array>>,
  where: string,
): Promise<Checkpoint> {
  const weightFiles = Object.entries(files).map(
    ([name, bytes]): WeightFile => ({
      name,
      where: `${where}: ${name}`,
      length: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
    }),
  );
  const identity = await checkpointIdentity(config, weightFiles);
  return {
    config: parseClipConfig(config, `${where}: config.json`),
    tensors: await WeightFiles.open(weightFiles, where),
    sessionOptions: { weightBytes: files },
    identity,
    imageTowerIdentity: identity,
  };
}
