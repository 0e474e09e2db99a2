import { type Html, html, pictureUri } from './html.js';
import type { MapsFigure } from './types.js';

/**
 * Anomaly maps of several methods side by side, as in Figure 5 of the paper: a row for each image, with
 * the image first and the ground truth last.
 *
 * @throws {IqeError} `data` where a picture is not one within the page
 */
export function mapComparison({ title, methods, images }: MapsFigure): Html {
  const withTruth = images.some(({ groundTruth }) => groundTruth);
  const columns = ['Image', ...methods, ...(withTruth ? ['Ground truth'] : [])];
  const picture = (what: string, id: string, uri: string | null | undefined) =>
    html`<td>${
      uri
        ? html`<img src="${pictureUri(uri)}" alt="${what} of ${id}" loading="lazy" decoding="async">`
        : html`<span class="no-picture">none</span>`
    }</td>`;
  return html`<div class="scroll"><table class="maps"><caption>${title}</caption><thead><tr>${columns.map(
    (name) => html`<th scope="col">${name}</th>`,
  )}</tr></thead><tbody>${images.map(
    ({ id, image, maps, groundTruth }) =>
      html`<tr>${picture('image', id, image)}${maps.map((map, index) =>
        picture(`anomaly map by ${methods[index]}`, id, map),
      )}${withTruth && picture('ground truth', id, groundTruth)}</tr>`,
  )}</tbody></table></div>
`;
}
