import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { reportPage, scriptHash } from './page.js';
import { pageScript } from './script.js';
import type { EvaluationResult, ReportData, ScoredImage } from './types.js';

const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg==';

/** Texts that would be markup, leave an attribute or end a script if one were not escaped. */
const nasty = `</script><img src=x onerror=alert(1)>"'&`;

function evaluation(method: string, set: string): EvaluationResult {
  const random = new Random(1, method, set);
  const images = Array.from({ length: 40 }, (_, index): ScoredImage => {
    const label = index % 2 ? 'abnormal' : 'normal';
    const score = Math.min(1, Math.max(0, (index % 2 ? 0.6 : 0.4) + 0.2 * random.normal()));
    const thumbnails = {
      image: pixel,
      map: pixel,
      overlay: pixel,
      groundTruth: index % 2 ? pixel : null,
    };
    return { id: `${nasty}${index}`, label, score, ...(index < 6 ? { thumbnails } : {}) };
  });
  return {
    method,
    set,
    metrics: { 'image.auroc': 0.87654, 'image.ap': 0.8, 'pixel.aupro': null },
    intervals: { 'image.auroc': [0.8, 0.94] },
    threshold: { value: 0.5, rule: `largest F1 ${nasty}` },
    roc: { x: [0, 0.2, 1], y: [0, 0.8, 1], low: [0, 0.7, 1], high: [0, 0.9, 1] },
    pr: { x: [0, 0.5, 1], y: [1, 0.9, 0.5] },
    images,
  };
}

const full: ReportData = {
  title: `Title ${nasty}`,
  subtitle: nasty,
  notices: [nasty],
  facts: [[`Fact ${nasty}`, nasty]],
  protocol: { name: nasty, description: [nasty], selectsOnTest: true },
  evaluations: [
    evaluation(`one ${nasty}`, `First ${nasty}`),
    evaluation('two', `First ${nasty}`),
    evaluation('two', 'Second'),
  ],
  tables: [
    {
      title: nasty,
      note: nasty,
      columns: [
        { name: nasty, kind: 'text' },
        { name: nasty, group: nasty, kind: 'metric' },
      ],
      rows: [[nasty, { failure: nasty }]],
    },
  ],
  losses: [
    { title: nasty, losses: [0.5, 0.25, 0.125] },
    { title: 'Short', losses: [0] },
  ],
  fewShot: [
    {
      title: nasty,
      metric: nasty,
      series: [
        {
          method: nasty,
          points: [
            { shots: 2, value: 0.7, interval: [0.6, 0.8] },
            { shots: 4, value: 0.8 },
          ],
        },
        { method: 'two', published: true, points: [{ shots: 4, value: 0.75, deviation: 0.01 }] },
      ],
    },
  ],
  radar: [
    {
      title: nasty,
      metric: nasty,
      sets: ['a', nasty, 'c'],
      series: [{ method: nasty, values: [0.7, null, 0.9] }],
    },
  ],
  maps: [
    {
      title: nasty,
      methods: [nasty, 'two'],
      images: [
        { id: nasty, image: pixel, groundTruth: pixel, maps: [pixel, null] },
        { id: 'other', image: pixel, groundTruth: null, maps: [pixel, pixel] },
      ],
    },
  ],
  embeddings: [
    {
      title: nasty,
      note: nasty,
      panels: [
        {
          name: nasty,
          points: [
            { x: 0, y: 1, label: 'normal' },
            { x: 2, y: 3, label: 'abnormal' },
          ],
        },
      ],
    },
  ],
};

const empty: ReportData = {
  title: 'Nothing',
  facts: [],
  protocol: { name: 'None', description: [], selectsOnTest: false },
};

/** Attributes of all start tags, by a reader of its own; fails where tags do not match. */
function tagsOf(page: string): { name: string; attributes: Record<string, string> }[] {
  const body = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '').replace('<!doctype html>', '');
  const open: string[] = [];
  const tags: { name: string; attributes: Record<string, string> }[] = [];
  for (const match of body.matchAll(
    /<(\/?)([a-z]+[0-9]?)((?:\s+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"<>]*")?)*)\s*(\/?)>/g,
  )) {
    const [, slash, name = '', attributes = '', selfClosing] = match;
    if (slash) expect(name).toBe(open.pop());
    else if (!selfClosing && !['meta', 'img'].includes(name)) open.push(name);
    if (slash) continue;
    tags.push({
      name,
      attributes: Object.fromEntries(
        [...attributes.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?/g)].map(
          ([, key, value]) => [key, value ?? ''],
        ),
      ),
    });
  }
  expect(open).toEqual([]);
  expect(body.match(/</g)?.length).toBe(tags.length + (body.match(/<\//g)?.length ?? 0));
  return tags;
}

describe.each([
  ['full', full],
  ['empty', empty],
])('reportPage, %s', (_, data) => {
  const page = reportPage(data);
  const tags = tagsOf(page);

  it('is well-formed and every text in it is escaped', () => {
    expect(page).not.toContain('onerror=alert(1)>');
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(
      tags.filter(({ attributes }) => Object.keys(attributes).some((key) => key.startsWith('on'))),
    ).toEqual([]);
  });

  it('loads nothing', () => {
    for (const { attributes } of tags) {
      if (attributes.src !== undefined) expect(attributes.src).toMatch(/^data:image\//);
      if (attributes.href !== undefined) expect(attributes.href).toMatch(/^#/);
    }
    expect(page).not.toMatch(/https?:|@import|url\((?!#)/);
  });

  it('names its parts once, and refers to parts that are there', () => {
    const ids = tags.flatMap(({ attributes }) => (attributes.id ? [attributes.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    for (const { attributes } of tags) {
      for (const id of attributes['aria-labelledby']?.split(' ') ?? []) expect(ids).toContain(id);
      if (attributes.href) expect(ids).toContain(attributes.href.slice(1));
    }
  });

  it('says what every picture shows', () => {
    for (const { name, attributes } of tags) {
      if (name === 'img') expect(attributes.alt).not.toBe('');
      if (name === 'svg') expect(attributes['aria-hidden'] ?? attributes.role).toMatch(/true|img/);
    }
  });

  it('has no number that went wrong', () => {
    expect(page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')).not.toMatch(
      /NaN|Infinity|undefined/,
    );
  });

  it('is the same for the same data', () => {
    expect(reportPage(JSON.parse(JSON.stringify(data)) as ReportData)).toBe(page);
  });
});

describe('reportPage', () => {
  it('lets its own script run and no other', () => {
    const digest = createHash('sha256').update(pageScript).digest('base64');
    expect(scriptHash).toBe(`sha256-${digest}`);
    expect(reportPage(empty)).toContain(`script-src &#39;sha256-${digest}&#39;`);
  });

  it('shows metrics with their intervals and leaves out what is missing', () => {
    const page = reportPage({ ...empty, evaluations: [evaluation('m', 's')] });
    expect(page).toContain('87.7 <small>%</small>');
    expect(page).toContain('95 % CI 80.0–94.0');
    expect(page).not.toContain('>Tables<');
    expect(page).not.toContain('class="notices"');
  });

  it.each([
    ['of independent images after Wilson', {}, /80\.0 \(58\.4–91\.9\)/, '> after Wilson'],
    [
      'of patients from resamples',
      { intervals: { sensitivity: [0.125, 1], specificity: [0.25, 1] } as const },
      /\(12\.5–100\.0\)/,
      'by bootstrap over patients',
    ],
    ['of two patients not at all', { intervals: null }, undefined, 'by bootstrap over patients'],
  ])('gives intervals of rates %s', (_, changes, interval, note) => {
    const one = evaluation('m', 's');
    const changed = { ...one, threshold: { ...one.threshold!, ...changes } };
    const page = reportPage({ ...empty, evaluations: [changed] });
    const section = page.slice(page.indexOf('At the threshold'));
    const row = section.slice(0, section.indexOf('</table>'));
    if (interval) expect(row).toMatch(interval);
    else expect(row).not.toMatch(/\([\d.]+–/);
    expect(section.replaceAll('95 % intervals', '>')).toContain(note);
  });

  it('warns where anything was selected on the test set', () => {
    expect(reportPage(full)).toContain('Selected on the test set');
  });

  it('gives a method the same colour in every figure', () => {
    const page = reportPage({
      ...empty,
      evaluations: [evaluation('one', 's'), evaluation('two', 's')],
      radar: [
        {
          title: 'r',
          metric: 'm',
          sets: ['a', 'b', 'c'],
          series: [{ method: 'two', values: [0.1, 0.2, 0.3] }],
        },
      ],
    });
    const radar = page.slice(page.indexOf('id="radar-0-title"'));
    expect(radar).toContain('series-2');
    expect(radar.slice(0, radar.indexOf('</figure>'))).not.toContain('series-1');
  });

  it('can do without curves, threshold, thumbnails, and with images of one kind', () => {
    const { method, set, metrics } = evaluation('m', 's');
    const images = [{ id: 'a', label: 'normal', score: 0.2 }] as const;
    for (const threshold of [null, { value: 0.5, rule: 'given' }]) {
      const page = reportPage({
        ...empty,
        evaluations: [{ method, set, metrics, images, threshold, roc: null, pr: null }],
      });
      expect(page).not.toMatch(/data-gallery>|NaN/);
      expect(page).toContain('1 normal image, 0 abnormal images');
    }
  });

  it('refuses a picture from elsewhere', () => {
    const result = evaluation('m', 's');
    const [first, ...others] = result.images as [ScoredImage, ...ScoredImage[]];
    const thumbnails = { image: 'https://example.org/x.png', map: pixel, overlay: pixel };
    const images = [{ ...first, thumbnails }, ...others];
    expect(() => reportPage({ ...empty, evaluations: [{ ...result, images }] })).toThrow(
      /data URI/,
    );
  });
});
