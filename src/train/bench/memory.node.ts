import { readFile } from 'node:fs/promises';

/**
 * The most memory that this process has had at once, in MB, mapped weights among it.
 *
 * On Linux from the process's own high-water mark: what `getrusage` says there begins with that of
 * the process that started this one.
 */
export async function peakMemoryMB(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, own] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  const kibibytes = own === undefined ? process.resourceUsage().maxRSS : Number(own);
  return (kibibytes * 1024) / 1e6;
}
