import { Codec, type DicomCodecs, silent } from './codecs.js';

/** The codecs as WebAssembly, which they read from their own packages' folders. */
export const wasmCodecs: DicomCodecs = {
  jpeg: new Codec(async () => {
    const { default: create } = await import(
      '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'
    );
    return create(silent());
  }),
  jpegLs: new Codec(async () => {
    const { default: create } = await import('@cornerstonejs/codec-charls/decodewasmjs');
    return create(silent());
  }),
  jpeg2000: new Codec(async () => {
    const { default: create } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
    return create(silent());
  }),
};
