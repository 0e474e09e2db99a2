// Compiles kernels/*.ts into src/nn/*Kernel.ts.
import { writeFileSync } from 'node:fs';
import { compileKernel } from './compileKernel.mjs';

for (const name of ['adam']) {
  const module = await compileKernel(name);
  writeFileSync(new URL(`../src/nn/${name}Kernel.ts`, import.meta.url), module);
}
