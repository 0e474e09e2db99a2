/** How the pixel data of a transfer syntax is stored; `unsupported` has no decoder here. */
export type PixelEncoding =
  | 'native'
  | 'runLength'
  | 'deflatedFrames'
  | 'jpeg'
  | 'jpeg2000'
  | 'unsupported';

/** How the elements of a data set are written. */
export interface DataSetEncoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

export interface TransferSyntax extends DataSetEncoding {
  readonly uid: string;
  readonly name: string;
  /** The whole data set behind the meta header is one raw deflate stream. */
  readonly deflated: boolean;
  readonly pixels: PixelEncoding;
}

const root = '1.2.840.10008.1.2';

/** PS3.6, table A-1: ending of the UID, name, encoding of the pixels. All are explicit, little endian. */
const encapsulated: readonly (readonly [string, string, PixelEncoding])[] = [
  ['.4.50', 'JPEG Baseline (Process 1)', 'jpeg'],
  ['.4.51', 'JPEG Extended (Process 2 & 4)', 'jpeg'],
  ['.4.52', 'JPEG Extended (Process 3 & 5)', 'jpeg'],
  ['.4.53', 'JPEG Spectral Selection, Non-Hierarchical (Process 6 & 8)', 'jpeg'],
  ['.4.54', 'JPEG Spectral Selection, Non-Hierarchical (Process 7 & 9)', 'jpeg'],
  ['.4.55', 'JPEG Full Progression, Non-Hierarchical (Process 10 & 12)', 'jpeg'],
  ['.4.56', 'JPEG Full Progression, Non-Hierarchical (Process 11 & 13)', 'jpeg'],
  ['.4.57', 'JPEG Lossless, Non-Hierarchical (Process 14)', 'jpeg'],
  ['.4.58', 'JPEG Lossless, Non-Hierarchical (Process 15)', 'jpeg'],
  ['.4.70', 'JPEG Lossless, Non-Hierarchical, First-Order Prediction', 'jpeg'],
  ['.4.80', 'JPEG-LS Lossless', 'jpeg'],
  ['.4.81', 'JPEG-LS Lossy (Near-Lossless)', 'jpeg'],
  ['.4.90', 'JPEG 2000 (Lossless Only)', 'jpeg2000'],
  ['.4.91', 'JPEG 2000', 'jpeg2000'],
  ['.4.92', 'JPEG 2000 Part 2 Multi-component (Lossless Only)', 'unsupported'],
  ['.4.93', 'JPEG 2000 Part 2 Multi-component', 'unsupported'],
  ['.4.94', 'JPIP Referenced', 'unsupported'],
  ['.4.95', 'JPIP Referenced Deflate', 'unsupported'],
  ['.4.100', 'MPEG2 Main Profile / Main Level', 'unsupported'],
  ['.4.100.1', 'Fragmentable MPEG2 Main Profile / Main Level', 'unsupported'],
  ['.4.101', 'MPEG2 Main Profile / High Level', 'unsupported'],
  ['.4.101.1', 'Fragmentable MPEG2 Main Profile / High Level', 'unsupported'],
  ['.4.102', 'MPEG-4 AVC/H.264 High Profile', 'unsupported'],
  ['.4.102.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile', 'unsupported'],
  ['.4.103', 'MPEG-4 AVC/H.264 BD-compatible High Profile', 'unsupported'],
  ['.4.103.1', 'Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile', 'unsupported'],
  ['.4.104', 'MPEG-4 AVC/H.264 High Profile For 2D Video', 'unsupported'],
  ['.4.105', 'MPEG-4 AVC/H.264 High Profile For 3D Video', 'unsupported'],
  ['.4.106', 'MPEG-4 AVC/H.264 Stereo High Profile', 'unsupported'],
  ['.4.107', 'HEVC/H.265 Main Profile', 'unsupported'],
  ['.4.108', 'HEVC/H.265 Main 10 Profile', 'unsupported'],
  ['.4.110', 'JPEG XL Lossless', 'unsupported'],
  ['.4.111', 'JPEG XL JPEG Recompression', 'unsupported'],
  ['.4.112', 'JPEG XL', 'unsupported'],
  ['.4.201', 'High-Throughput JPEG 2000 (Lossless Only)', 'unsupported'],
  ['.4.202', 'High-Throughput JPEG 2000 with RPCL Options (Lossless Only)', 'unsupported'],
  ['.4.203', 'High-Throughput JPEG 2000', 'unsupported'],
  ['.4.204', 'JPIP HTJ2K Referenced', 'unsupported'],
  ['.4.205', 'JPIP HTJ2K Referenced Deflate', 'unsupported'],
  ['.5', 'RLE Lossless', 'runLength'],
  ['.8.1', 'Deflated Image Frame Compression', 'deflatedFrames'],
];

export const implicitLittleEndian: TransferSyntax = {
  uid: root,
  name: 'Implicit VR Little Endian',
  explicit: false,
  littleEndian: true,
  deflated: false,
  pixels: 'native',
};

export const explicitLittleEndian: TransferSyntax = {
  ...implicitLittleEndian,
  uid: `${root}.1`,
  name: 'Explicit VR Little Endian',
  explicit: true,
};

export const explicitBigEndian: TransferSyntax = {
  ...explicitLittleEndian,
  uid: `${root}.2`,
  name: 'Explicit VR Big Endian',
  littleEndian: false,
};

const known = new Map<string, TransferSyntax>(
  [
    implicitLittleEndian,
    explicitLittleEndian,
    explicitBigEndian,
    {
      ...explicitLittleEndian,
      uid: `${root}.1.99`,
      name: 'Deflated Explicit VR Little Endian',
      deflated: true,
    },
    {
      ...explicitLittleEndian,
      uid: `${root}.1.98`,
      name: 'Encapsulated Uncompressed Explicit VR Little Endian',
    },
    ...encapsulated.map(([ending, name, pixels]) => ({
      ...explicitLittleEndian,
      uid: root + ending,
      name,
      pixels,
    })),
  ].map((syntax) => [syntax.uid, syntax]),
);

/** The transfer syntax of that UID (PS3.6, table A-1), private and later ones excepted. */
export function transferSyntaxOf(uid: string): TransferSyntax | undefined {
  return known.get(uid);
}

/** Name and UID, as messages give them. */
export function describeTransferSyntax(syntax: Pick<TransferSyntax, 'uid' | 'name'>): string {
  return `transfer syntax ${syntax.uid}, ${syntax.name}`;
}
