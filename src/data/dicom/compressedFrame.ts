import { Decoder } from 'jpeg-lossless-decoder-js';
import { IqeError, messageOf } from '../../base/errors.js';
import { inflateAtMost } from './boundedInflate.js';
import type { DicomCodecs, JpegLsModule } from './codecs.js';
import type { ImageHeader } from './imageHeader.js';
import { readJpeg2000Header } from './jpeg2000Header.js';
import { type JpegHeader, readJpegHeader, withColourTransform, withEnd } from './jpegHeader.js';
import { decodeTwelveBitJpeg } from './jpegTwelveBit.js';
import { interleaved, nativeSamples, type Samples } from './nativeSamples.js';
import type { FrameBytes } from './pixelData.js';
import { checkSize, runDecoder, withSign } from './runCodec.js';
import { expandRunLength } from './runLength.js';
import {
  describeTransferSyntax,
  type PixelEncoding,
  type TransferSyntax,
} from './transferSyntax.js';

/** The samples of one frame, pixel by pixel. */
export interface DecodedFrame {
  readonly samples: Samples;
  /** The decoder has undone the colour transform, whatever the photometric interpretation says. */
  readonly rgb: boolean;
}

/**
 * Decodes an encapsulated frame. What JPEG process it is, its codestream says: writers get the
 * transfer syntax wrong.
 *
 * @throws {IqeError} `unreadable`, with the transfer syntax: no decoder, damaged, or another size
 *   than the header states.
 */
export async function decodeCompressedFrame(
  frame: FrameBytes,
  header: ImageHeader,
  syntax: TransferSyntax,
  codecs: DicomCodecs,
): Promise<DecodedFrame> {
  try {
    return await decode(frame, header, encodingOf(frame.bytes, syntax), codecs);
  } catch (error) {
    const reason =
      error instanceof IqeError
        ? error.message
        : `The compressed pixel data is damaged${error instanceof Error ? ` (${messageOf(error)})` : ''}.`;
    throw new IqeError('unreadable', `${reason} (${describeTransferSyntax(syntax)})`, {
      hint: 'If other software shows the file, convert it to Explicit VR Little Endian with it.',
    });
  }
}

/** The transfer syntax's; files without a meta header do not state one, but their frames tell. */
function encodingOf(bytes: Uint8Array, syntax: TransferSyntax): PixelEncoding {
  if (syntax.pixels !== 'native') return syntax.pixels;
  const [first, second, third] = bytes;
  if (first !== 0xff || third !== 0xff) return 'native';
  return second === 0xd8 ? 'jpeg' : second === 0x4f ? 'jpeg2000' : 'native';
}

async function decode(
  frame: FrameBytes,
  header: ImageHeader,
  encoding: PixelEncoding,
  codecs: DicomCodecs,
): Promise<DecodedFrame> {
  switch (encoding) {
    case 'native':
      return { samples: nativeSamples(frame, header, true), rgb: false };
    case 'deflatedFrames': {
      const bits = header.rows * header.columns * header.samplesPerPixel * header.bitsAllocated;
      const bytes = inflateAtMost(frame.bytes, 'deflate', Math.ceil(bits / 8));
      return { samples: nativeSamples({ ...frame, bytes }, header, true), rgb: false };
    }
    case 'runLength': {
      // Segments hold one sample each, so neither planes nor halved chrominance are left.
      const photometric = header.photometric === 'YBR_FULL_422' ? 'YBR_FULL' : header.photometric;
      const expanded = { ...header, photometric, planar: false };
      return { samples: nativeSamples(expandRunLength(frame, header), expanded, true), rgb: false };
    }
    case 'jpeg':
      return decodeJpeg(frame.bytes, header, codecs);
    case 'jpeg2000':
      return decodeJpeg2000(frame.bytes, header, codecs);
    case 'unsupported':
      throw new IqeError('unreadable', 'There is no decoder for this compressed pixel data.');
  }
}

async function decodeJpeg(
  bytes: Uint8Array,
  header: ImageHeader,
  codecs: DicomCodecs,
): Promise<DecodedFrame> {
  const stream = readJpegHeader(bytes);
  checkSize(stream, header);
  const { process, precision } = stream;
  if (process === 'jpeg-ls') {
    const decoded = await codecs.jpegLs.use((module) => decodeJpegLs(bytes, stream, module));
    return { samples: withSign(decoded, precision, header), rgb: false };
  }
  if (process === 'lossless') {
    return { samples: withSign(decodeLossless(bytes, stream), precision, header), rgb: false };
  }
  if ((process === 'sequential' || process === 'progressive') && precision === 8) {
    const marked = stream.components === 3 && !stream.statesColours;
    const source = marked ? withColourTransform(bytes, header.photometric !== 'RGB') : bytes;
    const decoded = await codecs.jpeg.use((module) =>
      runDecoder(new module.JPEGDecoder(), source, stream),
    );
    return { samples: withSign(decoded.samples, precision, header), rgb: true };
  }
  if (process === 'sequential' && precision === 12 && stream.components === 1) {
    return { samples: withSign(decodeTwelveBitJpeg(bytes, stream), precision, header), rgb: false };
  }
  throw new IqeError(
    'unreadable',
    `There is no decoder for JPEG of this process with ${precision} bits and ${stream.components} components.`,
  );
}

function decodeJpegLs(bytes: Uint8Array, stream: JpegHeader, module: JpegLsModule): Int32Array {
  const decoder = new module.JpegLSDecoder();
  let planar = false;
  const { samples } = runDecoder(decoder, withEnd(bytes), stream, () => {
    planar = decoder.getInterleaveMode() === 0;
  });
  return planar && stream.components === 3 ? interleaved(samples) : samples;
}

/** JPEG Lossless, all predictors; the library ignores the point transform and colour beyond 8 bits. */
function decodeLossless(bytes: Uint8Array, stream: JpegHeader): Int32Array {
  if (stream.components === 3 && stream.precision > 8) {
    throw new IqeError(
      'unreadable',
      'There is no decoder for lossless JPEG colours beyond 8 bits.',
    );
  }
  const decoder = new Decoder();
  const source = new Uint8Array(bytes);
  const decoded = decoder.decode(source.buffer, 0, source.length);
  if (decoder.scan.al !== 0) {
    throw new IqeError('unreadable', 'There is no decoder for lossless JPEG with point transform.');
  }
  const complete = decoded.length === stream.rows * stream.columns * stream.components;
  // A few bytes are read ahead.
  if (!complete || (decoder.stream?.index ?? 0) > source.length + 4) {
    throw new IqeError('unreadable', 'The compressed pixel data is damaged or cut off.');
  }
  return Int32Array.from(decoded);
}

async function decodeJpeg2000(
  bytes: Uint8Array,
  header: ImageHeader,
  codecs: DicomCodecs,
): Promise<DecodedFrame> {
  const stream = readJpeg2000Header(bytes);
  checkSize(stream, header);
  const decoded = await codecs.jpeg2000.use((module) =>
    runDecoder(new module.J2KDecoder(), bytes, stream),
  );
  const samples = decoded.signed
    ? decoded.samples
    : withSign(decoded.samples, decoded.precision, header);
  return { samples, rgb: header.photometric === 'YBR_RCT' || header.photometric === 'YBR_ICT' };
}
