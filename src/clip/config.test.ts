import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClipConfig, formatClipConfig, parseClipConfig } from './config.js';

const where = '/some folder/config.json';

/** The configuration of `openai/clip-vit-base-patch32`. */
const base32: ClipConfig = {
  embeddingWidth: 512,
  text: {
    width: 512,
    intermediateWidth: 2048,
    layers: 12,
    heads: 8,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu',
    contextLength: 77,
    vocabularySize: 49408,
  },
  vision: {
    width: 768,
    intermediateWidth: 3072,
    layers: 12,
    heads: 12,
    layerNormEpsilon: 1e-5,
    activation: 'quick_gelu',
    imageSize: 224,
    patchSize: 32,
  },
};

describe('parseClipConfig', () => {
  it('reads what formatClipConfig writes', () => {
    const size = fc.integer({ min: 1, max: 5000 });
    const tower = fc
      .record({
        headWidth: fc.integer({ min: 1, max: 128 }),
        heads: fc.integer({ min: 1, max: 32 }),
        intermediateWidth: size,
        layers: size,
        layerNormEpsilon: fc.double({ min: 1e-12, max: 0.1, noNaN: true }),
        activation: fc.constantFrom('gelu', 'quick_gelu'),
      })
      .map(({ headWidth, ...rest }) => ({ ...rest, width: headWidth * rest.heads }));
    const config = fc
      .tuple(tower, tower, fc.tuple(size, size, size, size, size))
      .map(([text, vision, [contextLength, vocabularySize, patchSize, more, embeddingWidth]]) => ({
        embeddingWidth,
        text: { ...text, contextLength, vocabularySize },
        vision: { ...vision, patchSize, imageSize: patchSize + more },
      }));
    fc.assert(
      fc.property(config, (written) => {
        expect(parseClipConfig(formatClipConfig(written), where)).toEqual(written);
      }),
      { seed: 1 },
    );
  });

  it("has Hugging Face's defaults for what is left out", () => {
    for (const json of ['{}', '{"text_config": null, "vision_config": {}, "model_type": "clip"}']) {
      expect(parseClipConfig(json, where)).toEqual(base32);
    }
  });

  it('prefers the parts that old files repeat, and ignores what it does not need', () => {
    const json = JSON.stringify({
      logit_scale_init_value: 2.6592,
      torch_dtype: 'float32',
      projection_dim: 768,
      text_config: { hidden_size: 512, bos_token_id: 0 },
      text_config_dict: { hidden_size: 768, num_attention_heads: 12 },
      vision_config: { image_size: 336, dropout: 0 },
      vision_config_dict: { patch_size: 14, hidden_size: 1024, num_attention_heads: 16 },
    });
    const { text, vision, embeddingWidth } = parseClipConfig(json, where);
    expect({ text, embeddingWidth }).toMatchObject({ text: { width: 768 }, embeddingWidth: 768 });
    expect(vision).toMatchObject({ imageSize: 336, patchSize: 14, width: 1024, heads: 16 });
  });

  const garbage: [string, string, ...string[]][] = [
    ['nothing', '', 'is not JSON'],
    ['half a file', '{"text_config": {', 'is not JSON'],
    ['a page of a web server', '<!DOCTYPE html>', 'is not JSON'],
    ['null', 'null', 'does not describe a CLIP model'],
    ['a list', '[]', 'does not describe a CLIP model'],
    ['another model', '{"model_type": "bert"}', "'model_type'", '"clip"'],
    ['one tower only', '{"model_type": "clip_vision_model"}', "'model_type'"],
    ['a part that is none', '{"vision_config": 3}', "'vision_config'"],
    ['text for a size', '{"text_config": {"hidden_size": "512"}}', 'text_config', "'hidden_size'"],
    ['no layers', '{"vision_config": {"num_hidden_layers": 0}}', "'num_hidden_layers'"],
    ['a size that is not whole', '{"projection_dim": 1.5}', "'projection_dim'"],
    ['another activation', '{"vision_config": {"hidden_act": "relu"}}', "'hidden_act'"],
    [
      'heads that do not fit',
      '{"vision_config": {"num_attention_heads": 7}}',
      'vision_config',
      "'num_attention_heads' must divide 'hidden_size'",
    ],
    [
      'a patch larger than the image',
      '{"vision_config": {"patch_size": 225}}',
      "'patch_size' must not be larger",
    ],
  ];
  it.each(garbage)('refuses %s', (_, json, ...parts) => {
    const expected = { name: 'IqeError', code: 'checkpoint' };
    expect(() => parseClipConfig(json, where)).toThrow(expect.objectContaining(expected));
    for (const part of [where, ...parts]) {
      expect(() => parseClipConfig(json, where)).toThrow(part);
    }
  });
});
