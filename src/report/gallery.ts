import { type Html, html, pictureUri } from './html.js';
import { counted, formatScore } from './numbers.js';
import { type Outcome, outcomeOf, severity, worstFirst } from './outcomes.js';
import type { ScoredImage, Thumbnails } from './types.js';

type Shown = ScoredImage & { readonly thumbnails: Thumbnails };

/**
 * The images of an evaluation that have thumbnails: image, ground truth, map and overlay side by
 * side, worst misses first. The page's script sorts, filters and enlarges them; without it they
 * are all there in that order.
 *
 * @param name Whose images these are, for screen readers
 * @throws {IqeError} `data` where a thumbnail is not a picture within the page
 */
export function gallery(
  name: string,
  images: readonly ScoredImage[],
  threshold: number | null,
): Html {
  const shown = worstFirst(images, threshold).filter((image): image is Shown =>
    Boolean(image.thumbnails),
  );
  if (shown.length === 0) return html``;
  const withTruth = shown.some(({ thumbnails }) => thumbnails.groundTruth);
  const left = images.length - shown.length;
  return html`<div class="gallery" data-gallery>${controls(name, shown, threshold)}<ul class="cards">${shown.map(
    (image) => card(image, threshold, withTruth),
  )}</ul>${left > 0 && html`<p class="note">${counted(left, 'further image')} without pictures ${left === 1 ? 'is' : 'are'} in the list of scores.</p>`}</div>
`;
}

function controls(name: string, shown: readonly Shown[], threshold: number | null): Html {
  const outcomes = threshold === null ? [] : shown.map((image) => outcomeOf(image, threshold));
  const choices = (['missed', 'false alarm', 'detected', 'cleared'] as const).map((outcome) => {
    const count = outcomes.filter((candidate) => candidate === outcome).length;
    return (
      count > 0 && html`<option value="${outcome}">${outcomeNames[outcome]} (${count})</option>`
    );
  });
  return html`<div class="controls" role="group" aria-label="Gallery of ${name}" data-controls hidden><label>Sort by <select data-sort><option value="worst">worst misses first</option><option value="high">highest score first</option><option value="low">lowest score first</option><option value="name">name</option></select></label>${
    threshold !== null &&
    html`<label>Show <select data-filter><option value="">all (${shown.length})</option>${choices}</select></label>`
  }<output aria-live="polite"></output></div>`;
}

const outcomeNames: Readonly<Record<Outcome, string>> = {
  missed: 'missed',
  'false alarm': 'false alarms',
  detected: 'detected',
  cleared: 'cleared',
};

function card(image: Shown, threshold: number | null, withTruth: boolean): Html {
  const { id, score, label, thumbnails } = image;
  const outcome = threshold === null ? undefined : outcomeOf(image, threshold);
  const wrong = outcome === 'missed' || outcome === 'false alarm';
  return html`<li class="card" data-id="${id}" data-score="${score}" data-severity="${severity(image, threshold)}" data-outcome="${outcome}"><div class="card-head"><bdi class="card-id" title="${id}">${id}</bdi><span class="badge${wrong ? ' wrong' : ''}">${outcome ?? label}</span></div><div class="thumbs">${thumb('image', id, thumbnails.image)}${
    withTruth &&
    thumb('ground truth', id, thumbnails.groundTruth, label === 'normal' ? 'no anomaly' : 'no mask')
  }${thumb('anomaly map', id, thumbnails.map)}${thumb('overlay', id, thumbnails.overlay)}</div><div class="card-foot"><span>${label}, score <b>${formatScore(score)}</b></span><button type="button" data-enlarge hidden>Enlarge<span class="hidden-text"> ${id}</span></button></div></li>
`;
}

function thumb(what: string, id: string, uri: string | null | undefined, otherwise = ''): Html {
  const picture = uri
    ? html`<img src="${pictureUri(uri)}" alt="${what} of ${id}" loading="lazy" decoding="async">`
    : html`<span class="no-picture">${otherwise}</span>`;
  return html`<figure>${picture}<figcaption>${what}</figcaption></figure>`;
}
