import type { OnnxRuntimeModule } from './session.js';
import { Runtime } from './session.js';

export interface WebRuntimeOptions {
  /**
   * `auto` (the default): WebGPU where the browser has an adapter with half precision (`shader-f16`),
   * else WebAssembly. Only what is used is loaded.
   */
  readonly device?: 'auto' | 'webgpu' | 'wasm';
  /**
   * WebAssembly threads. More than one takes a page that is isolated from other origins (headers
   * `Cross-Origin-Opener-Policy: same-origin`, `Cross-Origin-Embedder-Policy: require-corp`); by default
   * as many as there are cores, at most 8, or 1 in other pages.
   */
  readonly threads?: number;
  /**
   * Folder from which `ort-wasm-simd-threaded*.{wasm,mjs}` are loaded, where the bundler did not place
   * them beside the code.
   */
  readonly wasmFolder?: string;
}

/** What this browser computes with. */
export interface WebRuntime {
  readonly runtime: Runtime;
  readonly device: 'webgpu' | 'wasm';
  readonly threads: number;
}

/**
 * The runtime of a browser tab or worker: onnxruntime-web, loaded at the first call. ONNX Runtime's
 * settings for WebAssembly hold for the whole tab: later calls with other threads change nothing.
 */
export async function webRuntime(options: WebRuntimeOptions = {}): Promise<WebRuntime> {
  const { device: wanted = 'auto' } = options;
  const device = wanted === 'auto' ? ((await hasWebGpu()) ? 'webgpu' : 'wasm') : wanted;
  const module = await (device === 'webgpu'
    ? import('onnxruntime-web/webgpu')
    : import('onnxruntime-web/wasm'));
  const threads = globalThis.crossOriginIsolated
    ? (options.threads ?? Math.min(8, navigator.hardwareConcurrency))
    : 1;
  module.env.wasm.numThreads = threads;
  if (options.wasmFolder !== undefined) module.env.wasm.wasmPaths = options.wasmFolder;
  const executionProviders = device === 'webgpu' ? ['webgpu', 'wasm'] : ['wasm'];
  // It gives back tensors that it was told to write into, but leaves them as they were.
  const runtime = new Runtime(module as OnnxRuntimeModule, {
    executionProviders,
    writesInPlace: false,
  });
  return { runtime, device, threads };
}

/** Whether there is an adapter with half precision, in which weights and features are kept. */
async function hasWebGpu(): Promise<boolean> {
  const { gpu } = navigator as {
    gpu?: { requestAdapter(): Promise<{ features: ReadonlySet<string> } | null> };
  };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return adapter?.features.has('shader-f16') ?? false;
}
