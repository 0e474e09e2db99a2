import type { Progress, ProgressCallback } from '../base/progress.js';
import { formatBytes, formatDuration } from './format.js';

/** A stream that people read: stdout, stderr. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface ProgressDisplay {
  readonly onProgress: ProgressCallback;
  /** Makes room for other output. */
  clear(): void;
}

/** Nothing is said of what is over sooner. */
const secondsUntilShown = 2;
/** A bar that changes more often flickers. */
const secondsBetweenBars = 0.1;
/** Without a terminal: a line for each tenth of the work, but no more and no fewer than these. */
const secondsBetweenLines = 2;
const secondsOfSilence = 30;

const widestBar = 30;
const narrowestBar = 8;
export const defaultColumns = 80;
const eraseLine = '\r\x1b[K';

/** One stage of the work since it began. */
interface Stage {
  /** Seconds. */
  readonly start: number;
  /** What was done when it began: more than nothing where it is a continuation. */
  readonly doneAtStart: number;
  done: number;
  lastLine: number;
  tenths: number;
}

/**
 * Shows progress: on a terminal a bar that is rewritten in place and disappears at the end, elsewhere
 * a line now and then.
 *
 * @param now Seconds since any moment.
 */
export function progressDisplay(stream: OutputStream, now: () => number): ProgressDisplay {
  const stages = new Map<string, Stage>();
  let barShownAt: number | undefined;

  const clear = () => {
    if (barShownAt !== undefined) stream.write(eraseLine);
    barShownAt = undefined;
  };

  const showBar = (progress: Progress, stage: Stage, time: number) => {
    if (isComplete(progress)) return clear();
    if (barShownAt !== undefined && time - barShownAt < secondsBetweenBars) return;
    const columns = stream.columns || defaultColumns;
    stream.write(`\r${barText(progress, secondsLeft(progress, stage, time), columns)}\x1b[K`);
    barShownAt = time;
  };

  const showLine = (progress: Progress, stage: Stage, time: number) => {
    const { done, total } = progress;
    const tenths = total ? Math.floor((10 * done) / total) : 0;
    const silence = time - stage.lastLine;
    const isDue =
      isComplete(progress) ||
      silence >= secondsOfSilence ||
      (tenths > stage.tenths && silence >= secondsBetweenLines);
    if (!isDue) return;
    stream.write(`${lineText(progress, stage, time)}\n`);
    Object.assign(stage, { lastLine: time, tenths });
  };

  const onProgress = (progress: Progress) => {
    const time = now();
    let stage = stages.get(progress.stage);
    if (!stage || progress.done < stage.done) {
      const { done } = progress;
      stage = { start: time, doneAtStart: done, done, lastLine: time, tenths: 0 };
      stages.set(progress.stage, stage);
    }
    stage.done = progress.done;
    if (isComplete(progress)) stages.delete(progress.stage);
    if (time - stage.start < secondsUntilShown) return;
    (stream.isTTY ? showBar : showLine)(progress, stage, time);
  };

  return { onProgress, clear };
}

function isComplete({ done, total }: Progress): boolean {
  return total !== undefined && done >= total;
}

/** `training  ██████░░░░  60%  30/50 steps  loss 0.4312  1:24 left`, in less than `columns`. */
function barText(progress: Progress, left: number | undefined, columns: number): string {
  const { stage, done, total } = progress;
  const share = total ? done / total : undefined;
  const after = [
    ...(share === undefined ? [] : [`${String(Math.floor(100 * share)).padStart(3)}%`]),
    countText(progress),
    ...(progress.loss === undefined ? [] : [lossText(progress.loss)]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ];
  const text = [stage, ...after].join('  ');
  // The last column stays free: some terminals begin a new line as soon as it is written.
  const room = columns - 1 - text.length - 2;
  if (share === undefined || room < narrowestBar) return text.slice(0, columns - 1);
  const width = Math.min(room, widestBar);
  const full = Math.floor(share * width);
  return [stage, '█'.repeat(full) + '░'.repeat(width - full), ...after].join('  ');
}

/** `training: 30/50 steps (60%), loss 0.4312, 1:24 left`. */
function lineText(progress: Progress, stage: Stage, time: number): string {
  const { done, total, loss } = progress;
  const left = secondsLeft(progress, stage, time);
  const parts = [countText(progress) + (total ? ` (${Math.floor((100 * done) / total)}%)` : '')];
  if (loss !== undefined) parts.push(lossText(loss));
  if (isComplete(progress)) parts.push(`took ${formatDuration(time - stage.start)}`);
  else if (left !== undefined) parts.push(`${formatDuration(left)} left`);
  return `${progress.stage}: ${parts.join(', ')}`;
}

function countText({ done, total, unit }: Progress): string {
  if (unit === 'bytes')
    return [done, ...(total === undefined ? [] : [total])].map(formatBytes).join('/');
  // A part of a long unit counts for the time that is left.
  return `${Math.floor(done)}${total === undefined ? '' : `/${total}`} ${unit}`;
}

function lossText(loss: number): string {
  return `loss ${loss.toFixed(4)}`;
}

/** From the mean speed of this stage so far; nothing while there is none. */
function secondsLeft({ done, total }: Progress, stage: Stage, time: number): number | undefined {
  if (total === undefined || done <= stage.doneAtStart) return undefined;
  return ((time - stage.start) / (done - stage.doneAtStart)) * (total - done);
}
