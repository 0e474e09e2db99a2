import { IqeError } from '../base/errors.js';
import { readSafetensorsHeader, safetensorsParts, toFloat32 } from '../clip/safetensors.js';
import type { HostTensor } from '../graph/session.js';
import type { Moments } from '../nn/adam.js';
import type { TrainingState } from './trainer.js';

/**
 * A training state as the parts of one `.safetensors` file, which share the state's memory: values,
 * moments, and in the metadata where the run is.
 */
export function trainingCheckpointParts(state: TrainingState): Uint8Array[] {
  const tensors: Record<string, HostTensor> = {};
  for (const [name, value] of Object.entries(state.values)) {
    const { first, second } = state.moments[name]!;
    tensors[`value/${name}`] = value;
    tensors[`first/${name}`] = { data: first, shape: value.shape };
    tensors[`second/${name}`] = { data: second, shape: value.shape };
  }
  const { epoch, stepInEpoch, step, lossSum, history } = state;
  return safetensorsParts(tensors, {
    position: JSON.stringify({ epoch, stepInEpoch, step, lossSum, history }),
  });
}

/**
 * Puts a saved state into `state`, which has the model's parameters.
 *
 * @throws {IqeError} `checkpoint` if the file is damaged or belongs to another model.
 */
export async function readTrainingCheckpoint(
  bytes: Uint8Array,
  state: TrainingState,
  where: string,
): Promise<TrainingState> {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const { tensors, metadata } = await readSafetensorsHeader(read, bytes.length, where);
  const load = (kind: string, name: string, into: Float32Array) => {
    const stored = tensors.get(`${kind}/${name}`);
    if (!stored || stored.length !== into.byteLength) {
      throw new IqeError(
        'checkpoint',
        `${where} has no tensor '${kind}/${name}' of ${into.length} numbers.`,
        {
          hint: 'It belongs to a run with another configuration.',
        },
      );
    }
    const { offset, length, dataType } = stored;
    into.set(toFloat32(bytes.subarray(offset, offset + length), dataType));
  };
  for (const [name, value] of Object.entries(state.values)) {
    const moments = state.moments[name] as Moments;
    load('value', name, value.data as Float32Array);
    load('first', name, moments.first);
    load('second', name, moments.second);
  }
  const position = JSON.parse(metadata.position ?? '{}') as Partial<TrainingState>;
  return { ...state, ...position };
}
