import { IqeError } from '../../base/errors.js';
import type { RasterImage } from '../../base/image.js';
import { type DicomCodecs, portableCodecs } from './codecs.js';
import { type DecodedFrame, decodeCompressedFrame } from './compressedFrame.js';
import { type DicomFile, directorySopClass, readDicomFile } from './dicomFile.js';
import { displayGrey, displayRgb, displayYbr, readVoiTable } from './display.js';
import { type ImageHeader, type Photometric, readImageHeader } from './imageHeader.js';
import { modalityValues } from './modalityValues.js';
import { nativeSamples, type Samples } from './nativeSamples.js';
import { paletteColours } from './palette.js';
import { checkFrames, pixelDataOf, readFrameBytes } from './pixelData.js';
import { type PixelSpacing, readPixelSpacing } from './pixelSpacing.js';
import { describeTransferSyntax, type TransferSyntax } from './transferSyntax.js';
import { chosenWindow, type DisplayWindow, readWindow, type WindowChoice } from './window.js';

export interface DicomOptions {
  /** Which frame, from 0. Default 0; the others are not decoded. */
  readonly frame?: number;
  /** What is shown of grey images. Default: the file's first window, else its VOI LUT, else `full`. */
  readonly window?: WindowChoice;
  /**
   * Whether rescale, window and spacing are looked for in the functional groups of enhanced
   * multi-frame objects before the data set itself, as the standard says. Default true.
   */
  readonly functionalGroups?: boolean;
  /** Default: {@link portableCodecs}; Node has faster ones. */
  readonly codecs?: DicomCodecs;
}

/** One frame of a DICOM image. Nothing about the patient is kept. */
export interface DicomImage {
  readonly width: number;
  readonly height: number;
  readonly samplesPerPixel: 1 | 3;
  /**
   * `height · width · samplesPerPixel` modality values (Hounsfield units for CT), colours as they
   * are stored, palette images as indices. Int32Array where slope, intercept and samples are
   * integers.
   */
  readonly values: Samples;
  /** The frame as it is shown: grey, or RGB. */
  readonly display: RasterImage;
  /** The window that `display` was made with, if any. */
  readonly window: DisplayWindow | undefined;
  readonly spacing: PixelSpacing | undefined;
  readonly frame: number;
  readonly frameCount: number;
  readonly photometric: Photometric;
  /** `CT`, `MR`, …; undefined where the file states none of the usual form. */
  readonly modality: string | undefined;
  readonly transferSyntax: Pick<TransferSyntax, 'uid' | 'name'>;
}

/**
 * Decodes one frame of a DICOM file.
 *
 * Pixel padding values are values like all others: they are transformed, windowed and counted in
 * the full range. Overlays are ignored.
 *
 * @throws {IqeError} `unreadable`: not DICOM, no image, damaged, or without a decoder (then with
 *   the transfer syntax's UID and name). `usage`: no such frame. Messages never hold a patient's
 *   data.
 */
export async function decodeDicom(
  bytes: Uint8Array,
  options: DicomOptions = {},
): Promise<DicomImage> {
  const file = readImageFile(bytes);
  try {
    return await decodeImage(file, options);
  } catch (error) {
    throw withoutData(error, file);
  }
}

/**
 * The header of the image in a DICOM file, without decoding it.
 *
 * @throws {IqeError} `unreadable`: not DICOM, no image, damaged, or with fewer frames than it states.
 */
export function readDicomHeader(bytes: Uint8Array): ImageHeader {
  const file = readImageFile(bytes);
  try {
    const pixelData = pixelDataOf(file.dataSet);
    const header = readImageHeader(file.dataSet);
    checkFrames(file.dataSet, pixelData, header);
    return header;
  } catch (error) {
    throw withoutData(error, file);
  }
}

function readImageFile(bytes: Uint8Array): DicomFile {
  const file = readDicomFile(bytes);
  if (file.sopClass === directorySopClass) {
    throw new IqeError('unreadable', 'This is a DICOMDIR: it lists images and holds none.');
  }
  return file;
}

/** No exception of dicom-parser is kept, not even as a cause: it can hold the whole data set. */
function withoutData(error: unknown, { transferSyntax }: DicomFile): IqeError {
  if (error instanceof IqeError) return error;
  return new IqeError(
    'unreadable',
    `This DICOM file is damaged (${describeTransferSyntax(transferSyntax)}).`,
  );
}

async function decodeImage(file: DicomFile, options: DicomOptions): Promise<DicomImage> {
  const { dataSet, transferSyntax } = file;
  const { frame = 0, functionalGroups = true, codecs = portableCodecs } = options;
  const pixelData = pixelDataOf(dataSet);
  const header = readImageHeader(dataSet);
  if (!Number.isInteger(frame) || frame < 0 || frame >= header.frames) {
    throw new IqeError('usage', `Frame ${frame} of a DICOM image with ${header.frames} frames.`, {
      hint: `Frames are counted from 0 to ${header.frames - 1}.`,
    });
  }
  const stored = readFrameBytes(dataSet, pixelData, header, frame);
  const decoded: DecodedFrame = stored.encapsulated
    ? await decodeCompressedFrame(stored, header, transferSyntax, codecs)
    : { samples: nativeSamples(stored, header, transferSyntax.littleEndian), rgb: false };
  const shared = {
    width: header.columns,
    height: header.rows,
    samplesPerPixel: header.samplesPerPixel,
    spacing: readPixelSpacing(dataSet, frame, functionalGroups),
    frame,
    frameCount: header.frames,
    photometric: header.photometric,
    modality: /^[A-Z]{2,16}$/.exec(dataSet.string('x00080060') ?? '')?.[0],
    transferSyntax: { uid: transferSyntax.uid, name: transferSyntax.name },
  };
  if (!header.photometric.startsWith('MONOCHROME')) {
    const data = colours(decoded, file, header);
    const display = { width: header.columns, height: header.rows, channels: 3 as const, data };
    return { ...shared, values: decoded.samples, display, window: undefined };
  }
  const values = modalityValues(decoded.samples, dataSet, header, frame, functionalGroups);
  const window = options.window
    ? chosenWindow(options.window)
    : readWindow(dataSet, frame, functionalGroups);
  const table =
    options.window || window
      ? undefined
      : readVoiTable(dataSet, frame, functionalGroups, header.signed);
  return { ...shared, values, display: displayGrey(values, header, window, table), window };
}

function colours(decoded: DecodedFrame, file: DicomFile, header: ImageHeader): Uint8Array {
  const { samples, rgb } = decoded;
  if (header.photometric === 'PALETTE COLOR') return paletteColours(samples, file.dataSet, header);
  const ybr = header.photometric.startsWith('YBR_FULL') && !rgb;
  return ybr ? displayYbr(samples, header.bitsStored) : displayRgb(samples, header.bitsStored);
}
