#!/usr/bin/env node
// Writes THIRD-PARTY.md: what the package and the page in `web` use of others, with the licences, from
// package-lock.json and the installed packages. With --check it only tells whether the file is current.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'THIRD-PARTY.md');
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
const prefix = 'node_modules/';

/** Packages that a user gets: those of `dependencies`, and of onnxruntime-web, and all that they need. */
function used() {
  const names = new Set();
  const visit = (name) => {
    const entry = lock[prefix + name];
    if (!entry || names.has(name)) return;
    names.add(name);
    for (const needed of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }))
      visit(needed);
  };
  for (const name of [...Object.keys(lock[''].dependencies), 'onnxruntime-web']) visit(name);
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}

/** The licence file of a package; nothing where it has none. Of those for one system, any may be absent. */
function licenceText(name) {
  if (lock[prefix + name].optional) return undefined;
  const folder = join(root, prefix, name);
  const licence = readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry));
  return licence && readFileSync(join(folder, licence), 'utf8').replaceAll('\r', '').trim();
}

function author(name) {
  const { author, contributors } = JSON.parse(
    readFileSync(join(root, prefix, name, 'package.json'), 'utf8'),
  );
  const first = author ?? contributors?.[0];
  return (typeof first === 'string' ? first : first?.name) || 'its authors';
}

function notices() {
  const lines = [
    '# Third-party notices',
    '',
    'Written by `npm run third-party`. iqe-clip itself is under the MIT licence (LICENSE). It contains no',
    'code of others; npm installs these packages beside it, and the page of `npm run build:web` contains',
    'those that it uses. sharp brings a build of libvips, which is LGPL-3.0-or-later, as a library of its',
    'own that can be replaced.',
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
  ];
  const texts = new Map();
  for (const name of used()) {
    const { version, license, optional } = lock[prefix + name];
    lines.push(`| ${name} | ${version} | ${license}${optional ? ' (only on some systems)' : ''} |`);
    if (optional) continue;
    const text =
      licenceText(name) ??
      `${license}, copyright ${author(name)} (the package has no licence file)`;
    texts.set(text, [...(texts.get(text) ?? []), name]);
  }
  for (const [text, names] of texts)
    lines.push('', `## ${names.join(', ')}`, '', '```text', text, '```');
  return `${lines.join('\n')}\n`;
}

const current = notices();
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== current) {
    console.error("THIRD-PARTY.md is not current: run 'npm run third-party'.");
    process.exit(1);
  }
} else {
  writeFileSync(file, current);
}
