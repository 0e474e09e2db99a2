import type { ImagePart } from '../data/imagePart.js';

/** A file name may have 255 bytes; room is left for `.heatmap.png` and a temporary suffix. */
const longestSegmentBytes = 200;

/** What {@link outputName} appends for an image of several. */
const partSuffix = /(\.\d{3,})+$/;

/**
 * A name for the outputs of every input: its relative path without the extension, folders kept
 * (`a/x.png` → `a/x`), so that `a/x` + `.overlay.png` can be written under the output folder.
 * Inputs that would share a name (`x.png` and `x.jpg`) keep their extension, and get `-2`, `-3`, …
 * where that does not help either; so does `x.012.png` beside `x.nii`, whose slices have such names.
 * Letter case does not make names different, since it does not on
 * every disk. Unicode is kept; characters that some system forbids become `_`, and a path never
 * leads out of the output folder.
 *
 * @param relativePaths Paths with `/` or `\` between folders
 * @returns One name per path, in the same order, all different
 */
export function outputNames(relativePaths: readonly string[]): string[] {
  const whole = relativePaths.map(safePath);
  const stems = whole.map((path) => path.replace(/(?<=[^/.])(\.nii\.gz|\.[^./]+)$/i, ''));
  const sharing = new Map<string, number>();
  for (const stem of stems) sharing.set(key(stem), (sharing.get(key(stem)) ?? 0) + 1);

  const isFree = (stem: string) => {
    const ofPart = stem.replace(partSuffix, '');
    return sharing.get(key(stem)) === 1 && (ofPart === stem || !sharing.has(key(ofPart)));
  };
  const names = stems.map((stem) => (isFree(stem) ? stem : undefined));
  const taken = new Set(names.filter((name) => name !== undefined).map(key));
  return names.map((name, index) => {
    if (name !== undefined) return name;
    const wanted = whole[index] as string;
    let free = wanted;
    for (let number = 2; taken.has(key(free)); number++) free = `${wanted}-${number}`;
    taken.add(key(free));
    return free;
  });
}

/**
 * The name for the outputs of one image of a file: `name` itself where the file has no other, else
 * with the place of the image, of three digits or more (`scan.012` for slice 12).
 */
export function outputName(name: string, { frame, slice }: ImagePart): string {
  const places = [frame, slice].filter((place) => place !== undefined);
  return [name, ...places.map((place) => String(place).padStart(3, '0'))].join('.');
}

/** Two names with the same key may be the same file. */
function key(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function safePath(path: string): string {
  const segments = path
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.' && segment !== '..')
    .map((segment) =>
      shortened(
        segment
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
          .replace(/[<>:"|?*\u0000-\u001f\u007f]/g, '_')
          .replace(/[. ]+$/, '_'),
      ),
    );
  return segments.join('/') || 'input';
}

/** `segment` cut in the middle to what a file name may hold, with its end (the extension) kept. */
function shortened(segment: string): string {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  if (bytes(segment) <= longestSegmentBytes) return segment;
  const characters = [...segment];
  const end = characters.slice(-16).join('');
  let start = '';
  for (const character of characters) {
    if (bytes(start + character + end) > longestSegmentBytes - 1) break;
    start += character;
  }
  return `${start}~${end}`;
}
