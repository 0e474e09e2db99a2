import { describe, expect, it } from 'vitest';
import { parseHubName, shortNames } from './hubNames.js';

const openai = { owner: 'openai', revision: 'main' };

describe('parseHubName', () => {
  it.each([
    ['openai/clip-vit-base-patch16', { ...openai, name: 'clip-vit-base-patch16' }],
    ['ViT-B-16', { ...openai, name: 'clip-vit-base-patch16' }],
    ['ViT-B/32', { ...openai, name: 'clip-vit-base-patch32' }],
    ['ViT-L-14-336', { ...openai, name: 'clip-vit-large-patch14-336' }],
    ['ViT-L/14@336px', { ...openai, name: 'clip-vit-large-patch14-336' }],
    ['a/b.c@refs/pr/3', { owner: 'a', name: 'b.c', revision: 'refs/pr/3' }],
    ['laion/X-s34B', { owner: 'laion', name: 'X-s34B', revision: 'main' }],
  ])('%s', (text, name) => expect(parseHubName(text)).toEqual(name));

  it.each([
    'ViT-B-17',
    'tiny',
    'constructor',
    '/a/b',
    './a',
    '../a',
    'a/..',
    'a/b/c',
    'a\\b',
    'C:/a',
    'a/b@',
    'a b/c',
    '',
  ])('%j is none', (text) => expect(parseHubName(text)).toBeUndefined());

  it('knows short names for hub names', () => {
    for (const name of Object.values(shortNames)) {
      expect(parseHubName(name)?.revision).toBe('main');
    }
  });
});
