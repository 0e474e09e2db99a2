import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiledPackage } from '../../../test/support/commandLine.js';
import { writeSmallClip } from '../../../test/support/smallClip.js';
import type { MethodCosts } from '../../train/bench/methodCosts.js';
import type { BenchReport } from '../../train/bench/report.js';

let program: string;
let folder: string;
let temporary: string;

beforeAll(async () => {
  program = compiledPackage();
  folder = await mkdtemp(join(tmpdir(), 'iqe-clip-bench-test-'));
  temporary = join(folder, 'temporary');
  await mkdir(temporary);
  await writeSmallClip(join(folder, 'clip'));
});

afterAll(async () => {
  await rm(program, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

function start(...words: string[]): ChildProcess {
  const main = join(program, 'dist', 'bin', 'main.js');
  return spawn(process.execPath, [main, 'bench', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary },
  });
}

async function finished(child: ChildProcess) {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}

const small = ['--set', 'model.imageSize=48', '--epochs', '4', '--threads', '1'];

describe('iqe-clip bench', () => {
  it('measures what one method costs', async () => {
    const { status, stdout, stderr } = await finished(
      start(
        ...['--backbone', join(folder, 'clip'), '--method', 'vcp-clip', '--batch-size', '2'],
        ...['--set', 'model.heads=4', ...small, '--json', '--quiet'],
      ),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const costs = JSON.parse(stdout) as MethodCosts;
    expect(costs).toMatchObject({ method: 'vcp-clip', imageSize: 48, trainStep: { batch: 2 } });
    expect(costs.predict.seconds).toBeGreaterThan(0);
    expect(costs.trainStep!.seconds).toBeGreaterThan(0);
    // One temperature for each of the two branches is among them.
    expect(costs.trainStep!.parameters).toBeGreaterThan(4 * 32 * 32);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('prints its figures as JSON and leaves nothing behind', async () => {
    const backbone = join(folder, 'clip');
    const { status, stdout, stderr } = await finished(
      start('--backbone', backbone, ...small, '--json', '--quiet'),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const report = JSON.parse(stdout) as BenchReport;
    expect(report).toMatchObject({
      threads: 1,
      backbone: 'clip',
      preset: 'official',
      imageSize: 48,
    });
    expect(report.fewShotRun).toMatchObject({ shots: 4, epochs: 4 });
    expect(report.trainStep.batch).toBe(16);
    const { peakGflops, towers, predict, trainStep, peakRssMB } = report;
    const { coldStartSeconds, readWeightsSeconds, fewShotRun } = report;
    for (const figure of [
      peakGflops,
      ...Object.values(towers),
      ...Object.values(predict),
      trainStep.seconds,
      fewShotRun.seconds,
      coldStartSeconds,
      readWeightsSeconds,
      ...Object.values(peakRssMB),
    ]) {
      expect(figure).toBeGreaterThan(0);
    }
    expect(fewShotRun.seconds).toBeGreaterThan(trainStep.seconds);
    expect(coldStartSeconds).toBeGreaterThan(predict.fp32);
    // The limits are for ViT-L/14.
    expect(report.costs.every(({ limit }) => limit === null)).toBe(true);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('ends at Ctrl-C and leaves nothing behind', async () => {
    const child = start('--backbone', join(folder, 'clip'), ...small);
    const result = finished(child);
    while ((await readdir(temporary)).length === 0)
      await new Promise((later) => setTimeout(later, 20));
    child.kill('SIGINT');
    const { status, stdout } = await result;
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(await readdir(temporary)).toEqual([]);
  });

  it('reports what a measurement died of, and leaves nothing behind', async () => {
    const tall = ['--backbone', join(folder, 'clip'), '--set', 'model.stages=[9]', '--quiet'];
    const { status, stdout, stderr } = await finished(start(...tall));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('Stage 9');
    expect(await readdir(temporary)).toEqual([]);
  });
});
