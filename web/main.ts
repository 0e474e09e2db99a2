import type { Progress } from '../src/base/progress.js';
import { ModelWorker } from './client.js';
import type { DropZone } from './dropZone.js';
import './dropZone.js';
import type { LabelledFile, ScoredImage, Views } from './protocol.js';

/** `?model=ADDRESS` names the folder of a run or of another backbone, `&backbone=ADDRESS` a run's backbone. */
const given = new URLSearchParams(location.search);
const folder = (name: string) => new URL(given.get(name) ?? 'models/tiny', location.href).href;

const element = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const status = element('status');
const progressBar = element<HTMLProgressElement>('progress');
const zones = {
  normal: element<DropZone>('normal'),
  abnormal: element<DropZone>('abnormal'),
  masks: element<DropZone>('masks'),
  inputs: element<DropZone>('inputs'),
};
const epochs = element<HTMLInputElement>('epochs');
const views = element<HTMLSelectElement>('views');
const fitButton = element<HTMLButtonElement>('fit');
const stopButton = element<HTMLButtonElement>('stop');
const showOverlay = element<HTMLInputElement>('overlay');
const results = element<HTMLUListElement>('results');

const model = new ModelWorker();
let state: 'loading' | 'unfitted' | 'fitting' | 'fitted' | 'failed' = 'loading';

function say(text: string, wrong = false): void {
  status.textContent = text;
  status.classList.toggle('wrong', wrong);
}

function report({ stage, done, total, unit, loss }: Progress): void {
  progressBar.hidden = false;
  if (total === undefined) progressBar.removeAttribute('value');
  else progressBar.value = done / total;
  const lossText = loss === undefined ? '' : `, loss ${loss.toFixed(3)}`;
  const counted = unit === 'bytes' ? '' : `: ${done} of ${total ?? '?'} ${unit}`;
  say(`${stage}${counted}${lossText} …`);
}

function update(next = state): void {
  state = next;
  progressBar.hidden = state !== 'loading' && state !== 'fitting';
  stopButton.hidden = state !== 'fitting';
  fitButton.disabled =
    state === 'loading' ||
    state === 'fitting' ||
    state === 'failed' ||
    zones.normal.files.length === 0 ||
    zones.abnormal.files.length === 0;
}

/** Masks belong to the images of the same name, whatever kind of file they are. */
function support(): LabelledFile[] {
  const stem = ({ name }: File) => name.replace(/\.[^.]*$/, '');
  const masks = new Map(zones.masks.files.map((file) => [stem(file), file]));
  const normal = zones.normal.files.map((file) => ({ file, label: 'normal' }) as const);
  const abnormal = zones.abnormal.files.map((file) => {
    const mask = masks.get(stem(file));
    return { file, label: 'abnormal', ...(mask && { mask }) } as const;
  });
  return [...normal, ...abnormal];
}

async function learn(): Promise<void> {
  const before = state;
  const controller = new AbortController();
  const stop = () => controller.abort();
  stopButton.addEventListener('click', stop);
  update('fitting');
  try {
    const wanted = Math.max(1, Math.round(epochs.valueAsNumber || 1));
    const request = {
      kind: 'fit',
      support: support(),
      epochs: wanted,
      views: Number(views.value) as Views,
    } as const;
    const { loss } = await model.ask(request, { onProgress: report, signal: controller.signal });
    update('fitted');
    say(`Learned; the loss is ${loss.toFixed(3)}. Drop images to score.`);
    await scoreInputs();
  } catch (error) {
    say((error as Error).message, !controller.signal.aborted);
    update(before);
  } finally {
    stopButton.removeEventListener('click', stop);
  }
}

async function scoreInputs(): Promise<void> {
  if (state !== 'fitted') {
    if (zones.inputs.files.length > 0) say('These are scored as soon as something was learned.');
    return;
  }
  await Promise.all(
    zones.inputs.take().map(async (file) => {
      const card = document.createElement('li');
      card.textContent = `${file.name} …`;
      results.prepend(card);
      try {
        showScore(card, file.name, await model.ask({ kind: 'predict', file }));
      } catch (error) {
        card.textContent = `${file.name}: ${(error as Error).message}`;
        card.classList.add('wrong');
      }
    }),
  );
}

function showScore(card: HTMLLIElement, name: string, scored: ScoredImage): void {
  const { image, overlay, score, label } = scored;
  const canvas = document.createElement('canvas');
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `${name} with its anomaly map`);
  const draw = () =>
    canvas.getContext('2d')?.drawImage(showOverlay.checked ? overlay : image, 0, 0);
  draw();
  showOverlay.addEventListener('change', draw);
  const value = document.createElement('div');
  value.className = `score ${label ?? ''}`;
  value.textContent = `${score.toFixed(3)} ${label ?? ''}`;
  card.replaceChildren(canvas, value, name);
}

for (const zone of Object.values(zones)) zone.addEventListener('change', () => update());
zones.inputs.addEventListener('change', () => void scoreInputs());
fitButton.addEventListener('click', () => void learn());

model
  .ask(
    { kind: 'load', address: folder('model'), backbone: folder('backbone') },
    { onProgress: report },
  )
  .then(({ device, threads, fitted }) => {
    const how = device === 'webgpu' ? 'WebGPU' : `WebAssembly, ${threads} thread(s)`;
    const next = fitted
      ? 'Drop images to score.'
      : 'Drop normal and abnormal images to learn from.';
    say(`Ready (${how}). ${next}`);
    update(fitted ? 'fitted' : 'unfitted');
  })
  .catch((error: Error) => {
    say(error.message, true);
    update('failed');
  });
