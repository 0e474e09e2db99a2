import { evaluationSection, metricTiles, overviewTable } from './evaluationSection.js';
import { fewShotCurves } from './fewShotCurves.js';
import { type Html, html, trusted } from './html.js';
import { lossCurve } from './lossCurve.js';
import { mapComparison } from './mapComparison.js';
import { radarChart } from './radarChart.js';
import { scatterPlot } from './scatterPlot.js';
import { pageScript } from './script.js';
import { methodStyles } from './series.js';
import { pageStyle } from './style.js';
import { tableHtml } from './table.js';
import type { EvaluationResult, ReportData } from './types.js';

/** SHA-256 of {@link pageScript}: the browser runs this script and no other. */
export const scriptHash = 'sha256-ye17lV3UlC5iI4LkrEI2/u8ANo671bp2Y9tCd5fxiOg=';

const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${scriptHash}'; base-uri 'none'; form-action 'none'`;

/**
 * The whole report as one page that needs no other file and loads nothing: pictures, style and
 * script are within it, and its content security policy forbids everything else.
 *
 * @throws {IqeError} `data` where a picture is not a data URI
 */
export function reportPage(data: ReportData): string {
  const sections = makeSections(data);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>${data.title}</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<div class="wrap">
<header><h1>${data.title}</h1>${data.subtitle && html`<p class="subtitle">${data.subtitle}</p>`}${notices(data)}
<nav aria-label="Sections"><ul>${sections.map(({ id, name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main id="main">
${sections.map(({ content }) => content)}
</main>
<footer>Made by iqe-clip. For research only: not a medical device, not for diagnosis.</footer>
</div>
<dialog aria-label="Enlarged pictures"><button type="button" data-close>Close</button><div></div></dialog>
<script>${trusted(pageScript)}</script>
</body>
</html>
`;
  return page.text;
}

interface Section {
  readonly id: string;
  readonly name: string;
  readonly content: Html;
}

function makeSections(data: ReportData): Section[] {
  const { evaluations = [], tables = [], losses = [] } = data;
  const { fewShot = [], radar = [], embeddings = [], maps = [] } = data;
  const styleOf = methodStyles([
    ...evaluations.map(({ method }) => method),
    ...[...fewShot, ...radar].flatMap(({ series }) => series.map(({ method }) => method)),
  ]);
  const sections = [section('summary', 'Summary', summary(data))];
  if (tables.length > 0) sections.push(section('tables', 'Tables', html`${tables.map(tableHtml)}`));
  const charts = [
    ...losses.map((curve, index) => lossCurve(`loss-${index}`, curve)),
    ...fewShot.map((chart, index) => fewShotCurves(`shots-${index}`, chart, styleOf)),
    ...radar
      .filter(({ sets }) => sets.length >= 3)
      .map((chart, index) => radarChart(`radar-${index}`, chart, styleOf)),
  ];
  if (charts.length > 0) {
    sections.push(section('figures', 'Figures', html`<div class="plots">${charts}</div>`));
  }
  if (embeddings.length > 0) {
    const charts = embeddings.map((chart, index) => scatterPlot(`embeddings-${index}`, chart));
    sections.push(section('embeddings', 'Embeddings', html`<div class="plots">${charts}</div>`));
  }
  if (maps.length > 0) {
    sections.push(section('maps', 'Anomaly maps', html`${maps.map(mapComparison)}`));
  }
  const sets = bySet(evaluations);
  for (const [index, results] of sets.entries()) {
    const id = `set-${index}`;
    const name = (results[0] as EvaluationResult).set;
    sections.push({ id, name, content: evaluationSection(id, results, sets.length > 1, styleOf) });
  }
  sections.push(section('protocol', 'Protocol', protocol(data)));
  return sections;
}

function section(id: string, name: string, content: Html): Section {
  return {
    id,
    name,
    content: html`<section id="${id}" aria-labelledby="${id}-name"><h2 id="${id}-name">${name}</h2>${content}</section>
`,
  };
}

/** Results of the same set together, in the order of the first of each. */
function bySet(results: readonly EvaluationResult[]): readonly EvaluationResult[][] {
  const groups = new Map<string, EvaluationResult[]>();
  for (const result of results) {
    const group = groups.get(result.set);
    if (group) group.push(result);
    else groups.set(result.set, [result]);
  }
  return [...groups.values()];
}

function notices({ notices: given = [], protocol: { selectsOnTest } }: ReportData): Html {
  const all = selectsOnTest
    ? [
        ...given,
        'Selected on the test set: these numbers are higher than what the methods reach on new images.',
      ]
    : given;
  if (all.length === 0) return html``;
  return html`<ul class="notices">${all.map((notice) => html`<li>${notice}</li>`)}</ul>`;
}

function summary({ evaluations = [], facts }: ReportData): Html {
  const [first] = evaluations;
  const numbers =
    evaluations.length > 1
      ? tableHtml(overviewTable(evaluations, 'All results'))
      : first && metricTiles(first);
  return html`${numbers}<dl class="facts">${facts.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function protocol({ protocol: { name, description } }: ReportData): Html {
  return html`<p><strong>${name}</strong></p>${description.map((text) => html`<p>${text}</p>`)}`;
}
