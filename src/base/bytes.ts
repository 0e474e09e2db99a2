/** `parts` one after the other, in memory of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joinedIn(new Uint8Array(lengthOf(parts)), parts);
}

/** `parts` one after the other, in memory of their own. */
export function joinFloats(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  return joinedIn(new Float32Array(lengthOf(parts)), parts);
}

function lengthOf(parts: readonly { readonly length: number }[]): number {
  return parts.reduce((length, part) => length + part.length, 0);
}

function joinedIn<Whole extends { set(part: ArrayLike<number>, at: number): void }>(
  whole: Whole,
  parts: readonly ArrayLike<number>[],
): Whole {
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
