import { joinBytes } from '../base/bytes.js';
import type { WeightFile } from './weightFiles.js';

/**
 * Tells two checkpoints apart without reading gigabytes: SHA-256 of the text of `config.json` and of a
 * fingerprint of each weight file, which is SHA-256 of its length and of 4096 bytes at 64 places.
 *
 * @returns 64 hexadecimal digits, the same in Node and in a browser.
 */
export async function checkpointIdentity(
  config: string,
  files: readonly WeightFile[],
): Promise<string> {
  const parts: Uint8Array[] = [new TextEncoder().encode(config)];
  for (const file of files) parts.push(await fingerprint(file));
  return Array.from(await sha256(parts), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function fingerprint(file: WeightFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [new TextEncoder().encode(`${file.length}/`)];
  const piece = Math.min(4096, file.length);
  for (let index = 0; index < 64; index++) {
    const offset = Math.floor(((file.length - piece) * index) / 63);
    parts.push(await file.read(offset, piece));
  }
  return sha256(parts);
}

async function sha256(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joinBytes(parts)));
}
