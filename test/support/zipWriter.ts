export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the entry claims to be compressed by; the bytes are stored as they are. Default 0, not at all. */
  readonly method?: number;
  readonly isEncrypted?: boolean;
}

export interface ZipOptions {
  /** The bytes of each file begin at a multiple of this, after a field of padding. Default 1. */
  readonly alignment?: number;
  /** Put sizes and offsets into zip64 records, as archives over 4 GiB must. */
  readonly zip64?: boolean;
  readonly comment?: string;
  /** Bytes that will be in front of what is written, with {@link zip64}. Default 0. */
  readonly before?: number;
}

/** A zip archive of files; checksums are left at 0. */
export function writeZip(
  files: readonly ZipFile[],
  options: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const { alignment = 1, zip64 = false, comment = '', before = 0 } = options;
  const body: number[] = [];
  const directory: number[] = [];
  for (const { name, bytes, method = 0, isEncrypted = false } of files) {
    const nameBytes = [...new TextEncoder().encode(name)];
    const offset = before + body.length;
    const unpadded = offset + 30 + nameBytes.length + 4;
    const padding = (alignment - (unpadded % alignment)) % alignment;
    const extra = [...uint(0x4246, 2), ...uint(padding, 2), ...new Array(padding).fill(0x5a)];
    const flags = isEncrypted ? 0x0809 : 0x0808; // Sizes come after the bytes, names are UTF-8.
    const start = [...uint(flags, 2), ...uint(method, 2), ...uint(0, 8)];
    body.push(...uint(0x04034b50, 4), 0, 0, ...start, ...uint(0, 8));
    body.push(...uint(nameBytes.length, 2), ...uint(extra.length, 2), ...nameBytes, ...extra);
    for (const byte of bytes) body.push(byte);
    body.push(
      ...uint(0x08074b50, 4),
      ...uint(0, 4),
      ...uint(bytes.length, 4),
      ...uint(bytes.length, 4),
    );

    const wide = [bytes.length, bytes.length, offset].flatMap((value) => uint(value, 8));
    const more = zip64
      ? [...uint(7, 2), ...uint(1, 2), 0, ...uint(1, 2), ...uint(24, 2), ...wide]
      : [];
    const narrow = (value: number) => uint(zip64 ? 0xffffffff : value, 4);
    directory.push(...uint(0x02014b50, 4), ...uint(0, 4), ...start);
    directory.push(...narrow(bytes.length), ...narrow(bytes.length));
    directory.push(...uint(nameBytes.length, 2), ...uint(more.length, 2), ...uint(0, 10));
    directory.push(...narrow(offset), ...nameBytes, ...more);
  }
  const place = [...uint(directory.length, 8), ...uint(before + body.length, 8)];
  const end64 = [
    ...uint(0x06064b50, 4),
    ...uint(44, 8),
    ...uint(0, 12),
    ...uint(files.length, 8),
    ...uint(files.length, 8),
    ...place,
    ...uint(0x07064b50, 4),
    ...uint(0, 4),
    ...uint(before + body.length + directory.length, 8),
    ...uint(1, 4),
  ];
  const count = uint(zip64 ? 0xffff : files.length, 2);
  const end = [
    ...uint(0x06054b50, 4),
    ...uint(0, 4),
    ...count,
    ...count,
    ...uint(zip64 ? 0xffffffff : directory.length, 4),
    ...uint(zip64 ? 0xffffffff : body.length, 4),
    ...uint(comment.length, 2),
    ...new TextEncoder().encode(comment),
  ];
  return Uint8Array.from([...body, ...directory, ...(zip64 ? end64 : []), ...end]);
}

/** `value` as `bytes` bytes, little endian. */
export function uint(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
}
