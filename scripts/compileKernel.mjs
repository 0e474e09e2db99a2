import { readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

/**
 * Compiles a kernel to WebAssembly with SIMD.
 *
 * @param {string} name Of a file in kernels/.
 * @returns {Promise<string>} The source of a module that holds the WebAssembly as base64.
 */
export async function compileKernel(name) {
  const file = `${name}.ts`;
  const source = readFileSync(new URL(`../kernels/${file}`, import.meta.url), 'utf8');
  let wasm = new Uint8Array();
  let messages = '';
  const options = '-O3 --enable simd --runtime stub --noAssert --initialMemory 1'.split(' ');
  const { error } = await asc.main([file, '-o', 'kernel.wasm', ...options], {
    readFile: (path) => (path === file ? source : null),
    writeFile: (_path, contents) => {
      wasm = contents;
    },
    listFiles: () => [],
    stderr: { write: (text) => (messages += text) },
  });
  if (error) throw new Error(`kernels/${file}: ${messages || error.message}`);
  const base64 = Buffer.from(wasm).toString('base64');
  return `// Made of kernels/${file} by 'npm run build:kernels'.\nexport const ${name}Kernel =\n  '${base64}';\n`;
}
