/**
 * The style sheet of a report: light, dark where the screen asks for it, and always light on
 * paper. Colours of series are from Okabe and Ito's palette (distinct with any colour vision),
 * lighter on dark.
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f8; --line: #dcdfe3; --grid: #e9ebee;
  --text: #1b1e23; --quiet: #5b636e; --link: #0b5cad;
  --warning: #8a4b00; --warning-page: #fff6e5; --warning-line: #f0c36d;
  --wrong: #b3261e; --wrong-page: #fdecea;
  --normal: #5f7f9f; --abnormal: #c8323c; --hatch: rgb(255 255 255 / 0.65);
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #00855f;
  --series-4: #b04a8b; --series-5: #a97400; --series-6: #3a8fc0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --raised: #1d2025; --line: #363b43; --grid: #2a2e35;
    --text: #e7e9ec; --quiet: #a2aab5; --link: #7db8f5;
    --warning: #ffd591; --warning-page: #2d2410; --warning-line: #6b5322;
    --wrong: #ff9e94; --wrong-page: #3a1a18;
    --normal: #8fb0d0; --abnormal: #ff7a7a; --hatch: rgb(20 22 26 / 0.6);
    --series-1: #56b4e9; --series-2: #ff8a4c; --series-3: #35c79a;
    --series-4: #e08fc4; --series-5: #e6b04a; --series-6: #9ecbff;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
.wrap { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 2.5rem 0 0.4rem; letter-spacing: -0.01em; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 1rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 0.75rem; }
p { margin: 0.6rem 0; max-width: 46rem; overflow-wrap: anywhere; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.subtitle { font-size: 1.1rem; color: var(--quiet); }
.quiet, .note { color: var(--quiet); }
.note { font-size: 0.875rem; }
.hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--page); z-index: 2; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; padding: 0; margin: 1.25rem 0 0; font-size: 0.95rem; }
.notices { list-style: none; margin: 1.25rem 0 0; padding: 0.7rem 1rem; border: 1px solid var(--warning-line); border-left-width: 4px; border-radius: 6px; background: var(--warning-page); color: var(--warning); }
.notices li + li { margin-top: 0.35rem; }

.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.9rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { padding: 0.8rem 1rem; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; break-inside: avoid; }
.tile-name { font-size: 0.875rem; color: var(--quiet); }
.tile-value { font-size: 1.7rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile-value small { font-size: 0.95rem; font-weight: 400; color: var(--quiet); }
.tile-spread { font-size: 0.85rem; white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 0 2rem; margin: 1.25rem 0; font-size: 0.925rem; }
dl.facts > div { display: flex; gap: 1rem; padding: 0.35rem 0; border-bottom: 1px solid var(--grid); break-inside: avoid; }
dt { flex: 0 0 8.5rem; color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }

.scroll { overflow-x: auto; margin: 1rem 0 0.5rem; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; min-width: 50%; }
caption { text-align: left; font-weight: 600; padding: 0 0 0.5rem; }
th, td { padding: 0.4rem 0.9rem 0.4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
thead th { color: var(--quiet); font-weight: 500; border-bottom: 1px solid var(--line); vertical-align: bottom; }
th.group { text-align: center; border-left: 0.9rem solid transparent; padding-right: 0.9rem; background-clip: padding-box; }
tbody th { font-weight: 500; }
tbody th, thead tr:first-child th:first-child { position: sticky; left: 0; background: var(--page); }
tbody th { white-space: nowrap; }
table.plain tbody th { max-width: 16rem; overflow: hidden; text-overflow: ellipsis; }
th.number, td.number { text-align: right; white-space: nowrap; padding-left: 0.9rem; }
.spread, .published, .failure { color: var(--quiet); font-size: 0.88em; }
.published, .failure { display: block; }
.failure { color: var(--wrong); white-space: normal; min-width: 8rem; }
table.plain { font-size: 0.85rem; min-width: 0; }
table.maps { min-width: 0; }
table.maps th { text-align: center; padding: 0.3rem; }
table.maps td { width: 10rem; padding: 0.2rem; border: 0; }
table.maps img { display: block; width: 100%; min-width: 5rem; height: auto; border-radius: 3px; background: #000; }
details { margin: 0.5rem 0; font-size: 0.9rem; }
summary { cursor: pointer; color: var(--quiet); }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem 2rem; align-items: start; }
figure { margin: 0; min-width: 0; }
figure.plot { break-inside: avoid; max-width: 34rem; }
figure.plot:has(.panels) { max-width: 46rem; grid-column: 1 / -1; }
figure.plot > figcaption { font-weight: 600; margin-bottom: 0.5rem; }
figure.plot svg[role="img"] { display: block; width: 100%; height: auto; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 1.25rem; }
.panel-name { margin: 0 0 0.3rem; font-size: 0.9rem; color: var(--quiet); }
svg text { font: 12px/1 inherit; font-family: inherit; font-size: 12px; fill: var(--quiet); }
svg .axis-name { fill: var(--text); }
svg .ring { font-size: 11px; }
.grid { fill: none; stroke: var(--grid); }
.frame { fill: none; stroke: var(--line); }
.reference { stroke: var(--quiet); stroke-dasharray: 4 4; opacity: 0.8; }
.zero { stroke: var(--quiet); }
.threshold { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 6 3; }
svg .halo { paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; fill: var(--text); }
.series-1 { --series: var(--series-1); } .series-2 { --series: var(--series-2); }
.series-3 { --series: var(--series-3); } .series-4 { --series: var(--series-4); }
.series-5 { --series: var(--series-5); } .series-6 { --series: var(--series-6); }
.line { fill: none; stroke: var(--series); stroke-width: 2.25; stroke-linejoin: round; }
.area { fill: var(--series); fill-opacity: 0.07; }
.dashed { stroke-dasharray: 6 4; stroke-width: 1.75; }
.band { fill: var(--series); opacity: 0.16; }
.point { fill: var(--series); stroke: var(--page); stroke-width: 2; }
.mark { fill: var(--series); stroke: var(--page); stroke-width: 1; }
.whisker { fill: none; stroke: var(--series); stroke-width: 1.25; opacity: 0.75; }
.bar.normal, .dots.normal { fill: var(--normal); } .bar.abnormal, .dots.abnormal { fill: var(--abnormal); }
.dots { fill-opacity: 0.75; }
.hatch { stroke: var(--hatch); stroke-width: 4; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.25rem; list-style: none; padding: 0; margin: 0.6rem 0 0; font-size: 0.875rem; }
.legend li { display: flex; align-items: center; gap: 0.5rem; }
.legend svg { flex: none; }

.controls { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; align-items: center; margin: 1rem 0; font-size: 0.925rem; }
.controls[hidden] { display: none; }
.controls output { color: var(--quiet); }
select, button { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.25rem 0.6rem; }
button { cursor: pointer; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 32rem), 1fr)); gap: 1rem; list-style: none; padding: 0; margin: 1rem 0; }
.card { display: flex; flex-direction: column; border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; background: var(--raised); break-inside: avoid; min-width: 0; }
.card[hidden] { display: none; }
.card-head, .card-foot { display: flex; gap: 0.75rem; align-items: center; justify-content: space-between; font-size: 0.9rem; }
.card-id { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.card-foot button { font-size: 0.825rem; padding: 0.1rem 0.5rem; }
.card-foot button[hidden] { display: none; }
.badge { flex: none; font-size: 0.8rem; padding: 0.05rem 0.55rem; border-radius: 1rem; border: 1px solid var(--line); color: var(--quiet); }
.badge.wrong { color: var(--wrong); background: var(--wrong-page); border-color: currentColor; font-weight: 600; }
.card-foot { margin-top: auto; }
.thumbs { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 0.5rem; margin: 0.6rem 0; }
.thumbs figure { display: flex; flex-direction: column; }
.thumbs img { display: block; width: 100%; height: auto; border-radius: 3px; background: #000; }
.thumbs figcaption { font-size: 0.775rem; color: var(--quiet); margin-top: 0.2rem; text-align: center; }
.no-picture { flex: 1; display: grid; place-items: center; min-height: 4rem; border: 1px dashed var(--line); border-radius: 3px; color: var(--quiet); font-size: 0.775rem; }
.card .thumbs { cursor: zoom-in; }
dialog { width: min(96vw, 90rem); border: 1px solid var(--line); border-radius: 10px; background: var(--page); color: var(--text); padding: 1.25rem; }
dialog::backdrop { background: rgb(0 0 0 / 0.6); }
dialog [data-close] { float: right; }
dialog .card-head { justify-content: flex-start; font-size: 1.05rem; }
dialog .thumbs { grid-auto-flow: row; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 0.9rem; }
footer { margin: 3.5rem 0 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.875rem; }

@media print {
  @page { margin: 14mm; }
  @page wide { size: landscape; margin: 10mm; }
  #summary:has(> .wide), #tables:has(> .wide), .wrap:has(#summary > .wide) > header { page: wide; }
  .wide table { font-size: 7pt; width: 100%; }
  .wide th, .wide td, .wide th.number, .wide td.number { padding: 0.25rem 0.3rem 0.25rem 0; }
  .wide .spread { display: block; }
  html { color-scheme: light; }
  body { font-size: 10pt; }
  .wrap { max-width: none; padding: 0; }
  nav, .skip, .controls, .card-foot button, details, dialog { display: none !important; }
  h1 { margin-top: 0; }
  h2, h3, caption, h2 + .quiet { break-after: avoid; }
  .plots { grid-template-columns: 1fr 1fr; }
  h2 { margin-top: 1.5rem; }
  tr { break-inside: avoid; }
  .scroll { overflow: visible; break-inside: avoid; }
  table { font-size: 8.5pt; }
  th.number, td.number { white-space: normal; }
  .spread, .published, table.plain td.number { white-space: nowrap; }
  footer { margin: 1rem 0 0; break-before: avoid; }
  .thumbs figcaption { font-size: 6.5pt; white-space: nowrap; }
  .cards { grid-template-columns: 1fr 1fr; gap: 0.6rem; }
  .card { padding: 0.45rem; }
  .thumbs img, table.maps img, .badge.wrong, .bar, .notices, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
}
`;
