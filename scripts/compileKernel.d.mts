export function compileKernel(name: string): Promise<string>;
