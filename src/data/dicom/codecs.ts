/** What all decoders of the codec packages share; they live in the module's memory. */
export interface CodecDecoder {
  /** Room for the compressed bytes. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  /** A view of the module's memory, valid until {@link CodecDecoder.delete}. */
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned?: boolean;
  };
  delete(): void;
}

export interface JpegModule {
  readonly JPEGDecoder: new () => CodecDecoder;
}

export interface JpegLsModule {
  readonly JpegLSDecoder: new () => CodecDecoder & {
    /** 0: planes, 1: lines, 2: samples. */
    getInterleaveMode(): number;
  };
}

export interface Jpeg2000Module {
  readonly J2KDecoder: new () => CodecDecoder;
}

export type CodecFactory<Module> = (options: {
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
  /** Where the module's `.wasm` file is, for builds that have one. */
  readonly locateFile?: (path: string) => string;
}) => Promise<Module>;

/**
 * A codec that is loaded at its first use and kept. A module that failed is dropped and loaded
 * anew at the next use: what a damaged codestream left in its memory is unknown.
 */
export class Codec<Module> {
  readonly #load: () => Promise<Module>;
  #module: Promise<Module> | undefined;

  constructor(load: () => Promise<Module>) {
    this.#load = load;
  }

  /** What `work` makes of the module; fails as `work` or the loading does. */
  async use<Result>(work: (module: Module) => Result): Promise<Result> {
    try {
      this.#module ??= this.#load();
      return work(await this.#module);
    } catch (error) {
      this.#module = undefined;
      throw error;
    }
  }
}

/** The codecs for compressed pixel data. */
export interface DicomCodecs {
  /** JPEG, 8 bits: libjpeg-turbo. */
  readonly jpeg: Codec<JpegModule>;
  /** JPEG-LS: CharLS. */
  readonly jpegLs: Codec<JpegLsModule>;
  /** JPEG 2000: OpenJPEG. */
  readonly jpeg2000: Codec<Jpeg2000Module>;
}

/**
 * Options for a factory, which keeps them: each module needs its own. Without them modules write
 * what they do to the standard output.
 */
export const silent = () => ({ print: () => {}, printErr: () => {} });

/**
 * The codecs as plain JavaScript: they need no file beside them, so they load wherever modules do,
 * but decode some ten times slower than WebAssembly.
 */
export const portableCodecs: DicomCodecs = {
  jpeg: new Codec(async () => {
    const { default: create } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decode');
    return create(silent());
  }),
  jpegLs: new Codec(async () => {
    const { default: create } = await import('@cornerstonejs/codec-charls/decode');
    return create(silent());
  }),
  jpeg2000: new Codec(async () => {
    const { default: create } = await import('@cornerstonejs/codec-openjpeg/decode');
    return create(silent());
  }),
};
