import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const tiny = join(root, 'models', 'tiny');

/** Puts the shipped backbone beside the page, which loads it from there, and the notices of what it is built on. */
function shippedBackbone(): Plugin {
  let output = '';
  return {
    name: 'shipped-backbone',
    apply: 'build',
    configResolved(config) {
      output = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const folder = join(output, 'models', 'tiny');
      mkdirSync(folder, { recursive: true });
      for (const name of ['config.json', 'merges.txt', 'model.safetensors'])
        copyFileSync(join(tiny, name), join(folder, name));
      copyFileSync(join(root, 'THIRD-PARTY.md'), join(output, 'THIRD-PARTY.md'));
    },
  };
}

/** Addresses are relative, so that the folder works under any path of any static server. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  build: {
    outDir: '../dist-web',
    emptyOutDir: true,
    target: 'es2023',
    chunkSizeWarningLimit: 2000,
  },
  worker: { format: 'es' },
  plugins: [shippedBackbone()],
});
