import type { z } from 'zod';
import { adaClipEntry } from './adaclip/entry.js';
import { anomalyClipEntry } from './anomalyclip/entry.js';
import { aprilGanEntry } from './april-gan/entry.js';
import { bgadEntry } from './bgad/entry.js';
import { cflowEntry } from './cflow/entry.js';
import { clipAcEntry, clipEntry, clipPlusEntry } from './clip/entry.js';
import { draEntry } from './dra/entry.js';
import type { MethodEntry } from './entry.js';
import { iqeClipEntry } from './iqe-clip/entry.js';
import { medClipEntry } from './medclip/entry.js';
import { mediClipEntry } from './mediclip/entry.js';
import type { MethodNeeds } from './method.js';
import { mkdEntry } from './mkd/entry.js';
import { mvfaEntry } from './mvfa/entry.js';
import { patchCoreEntry } from './patchcore/entry.js';
import { rd4adEntry } from './rd4ad/entry.js';
import { vcpClipEntry } from './vcp-clip/entry.js';
import { winClipEntry, winClipPlusEntry } from './winclip/entry.js';

/** All methods by the names that `--method` takes. The graphs of each are loaded when it is built. */
export const methods = {
  'iqe-clip': iqeClipEntry,
  clip: clipEntry,
  'clip-ac': clipAcEntry,
  'clip+': clipPlusEntry,
  winclip: winClipEntry,
  'winclip+': winClipPlusEntry,
  'april-gan': aprilGanEntry,
  'vcp-clip': vcpClipEntry,
  anomalyclip: anomalyClipEntry,
  mediclip: mediClipEntry,
  mvfa: mvfaEntry,
  adaclip: adaClipEntry,
  patchcore: patchCoreEntry,
  rd4ad: rd4adEntry,
  cflow: cflowEntry,
  mkd: mkdEntry,
  bgad: bgadEntry,
  dra: draEntry,
  medclip: medClipEntry,
} as const;

export type MethodName = keyof typeof methods;

/** The settings of a method: the group `model` of a run's configuration. */
export type MethodModel<Name extends MethodName = MethodName> = z.output<
  (typeof methods)[Name]['schema']
>;

export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];

/** The entry of a method, whatever the type of its settings. */
export function entryOf(name: MethodName): MethodEntry {
  return methods[name] as unknown as MethodEntry;
}

/** The methods whose needs are as `wanted` says. */
export function methodsThat(wanted: (needs: MethodNeeds) => boolean): MethodName[] {
  return methodNames.filter((name) => wanted(methods[name].needs));
}
