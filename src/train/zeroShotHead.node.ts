import { join } from 'node:path';
import { tinyFolder } from './backbone.node.js';

/**
 * The run that scores images without any of one's own: the zero-shot head that is shipped with a
 * backbone.
 *
 * @returns Its folder; nothing for backbones that come without one.
 */
export function zeroShotHead(backbone: string): string | undefined {
  return backbone === 'tiny' ? join(tinyFolder, 'zero-shot') : undefined;
}
