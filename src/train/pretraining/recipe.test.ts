import { describe, expect, it } from 'vitest';
import { recipeSchema, shortened } from './recipe.js';

describe('shortened', () => {
  const recipe = recipeSchema.parse({});

  it('takes a share of the steps of every phase and of the warm-up, and changes nothing else', () => {
    const { phases, warmUpSteps, ...rest } = shortened(recipe, 0.25);
    expect(phases).toEqual([
      { steps: 110, patches: 48 },
      { steps: 4, patches: null },
    ]);
    expect(warmUpSteps).toBe(8);
    expect({ ...rest, phases: recipe.phases, warmUpSteps: recipe.warmUpSteps }).toEqual(recipe);
  });

  it('is the whole recipe for 1 and no step for 0', () => {
    expect(shortened(recipe, 1)).toEqual(recipe);
    expect(shortened(recipe, 0).phases.every(({ steps }) => steps === 0)).toBe(true);
  });
});
