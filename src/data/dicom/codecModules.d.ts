/** The codec packages come without types: each entry is a factory of one Emscripten module. */
declare module '@cornerstonejs/codec-charls/*' {
  const factory: import('./codecs.js').CodecFactory<import('./codecs.js').JpegLsModule>;
  export default factory;
}

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/*' {
  const factory: import('./codecs.js').CodecFactory<import('./codecs.js').JpegModule>;
  export default factory;
}

declare module '@cornerstonejs/codec-openjpeg/*' {
  const factory: import('./codecs.js').CodecFactory<import('./codecs.js').Jpeg2000Module>;
  export default factory;
}

/** The package's own types are not in it. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    /** The scan that was decoded last. */
    readonly scan: { readonly al: number };
    /** Where reading stopped; behind the end, zeros are read. */
    readonly stream: { readonly index: number } | null;
    decode(buffer: ArrayBuffer, offset: number, length: number): Uint8Array | Uint16Array;
  }
}
