import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { networkNames } from '../backbones/network.js';
import { parseHubName } from '../clip/hubNames.js';
import { entryOf } from '../methods/registry.js';
import { isMethodName, resolveRunConfig } from './config.js';

const folder = new URL('../../configs/methods/', import.meta.url);

it.each(readdirSync(folder))('configs/methods/%s is a run of its method on its network', (file) => {
  const settings = parse(readFileSync(new URL(file, folder), 'utf8')) as { method: string };
  expect(`${settings.method}.yaml`).toBe(file);
  expect(isMethodName(settings.method)).toBe(true);
  const config = resolveRunConfig(settings);
  expect(entryOf(config.method).needs.network).toBe(true);
  expect(networkNames).toContain(config.backbone);
  expect(parseHubName(config.backbone)).toBeDefined();
});
