import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { Random } from '../../base/random.js';
import { Frame } from './frame.js';
import {
  blob,
  difference,
  ellipse,
  grow,
  intersection,
  mirrored,
  outline,
  rim,
  union,
} from './shapes.js';

const coordinate = fc.double({ min: -1.5, max: 1.5, noNaN: true });
const upright = { centreX: 0, centreY: 0, scaleX: 1, scaleY: 1, angle: 0, warp: 0, warpCells: 1 };

describe('shapes', () => {
  it('a circle, as ellipse and as outline, knows its distance to the edge', () => {
    const circles = [ellipse(0.2, -0.1, 0.5, 0.5), outline(0.2, -0.1, [0.5, 0.5, 0.5, 0.5])];
    fc.assert(
      fc.property(coordinate, coordinate, (u, v) => {
        const exact = 0.5 - Math.hypot(u - 0.2, v + 0.1);
        for (const circle of circles) expect(circle.depth(u, v)).toBeCloseTo(exact, 5);
      }),
    );
  });

  it('an outline passes through its radii at equal angles', () => {
    const radii = [0.5, 0.7, 0.4, 0.6, 0.55];
    const shape = outline(0, 0, radii, 0.3);
    for (const [k, radius] of radii.entries()) {
      const angle = 0.3 + (2 * Math.PI * k) / radii.length;
      expect(shape.depth(radius * Math.cos(angle), radius * Math.sin(angle))).toBeCloseTo(0, 2);
    }
  });

  it('unions, intersections, differences, rims and mirrors are those of the sets', () => {
    const a = ellipse(0.1, 0, 0.5, 0.3, 0.4);
    const b = blob(-0.2, 0.1, 0.4, new Random(1));
    fc.assert(
      fc.property(coordinate, coordinate, (u, v) => {
        const inA = a.depth(u, v) > 0;
        const inB = b.depth(u, v) > 0;
        expect(union(a, b).depth(u, v) > 0).toBe(inA || inB);
        expect(intersection(a, b).depth(u, v) > 0).toBe(inA && inB);
        expect(difference(a, b).depth(u, v) > 0).toBe(inA && b.depth(u, v) < 0);
        expect(mirrored(a).depth(-u, v)).toBeCloseTo(a.depth(u, v), 12);
        expect(grow(a, 0.1).depth(u, v)).toBeCloseTo(a.depth(u, v) + 0.1, 12);
        if (rim(a, 0.05).depth(u, v) > 0) expect(a.depth(u, v)).toBeLessThan(0.05);
      }),
    );
  });

  it('hold all of their inside in their bounds', () => {
    fc.assert(
      fc.property(fc.integer(), coordinate, coordinate, (seed, u, v) => {
        const random = new Random(seed);
        const shapes = [
          blob(0.1, 0.2, 0.4, random, { irregularity: 0.4, elongation: 1.5, spikes: 0.3 }),
          ellipse(-0.1, 0, 0.2, 0.5, random.between(0, 3), 0.1),
        ];
        for (const shape of [...shapes, union(...shapes), mirrored(shapes[0] as never)]) {
          if (shape.depth(u, v) <= 0) continue;
          const { left, top, right, bottom } = shape.bounds;
          expect(u >= left && u <= right && v >= top && v <= bottom).toBe(true);
        }
      }),
    );
  });
});

describe('Frame', () => {
  it('covers as many pixels as the shape has area', () => {
    const frame = new Frame(200, upright, new Random(0));
    const coverage = frame.coverage(ellipse(0.1, -0.1, 0.6, 0.4, 0.7));
    const pixels = coverage.reduce((sum, value) => sum + value, 0);
    expect(pixels / (Math.PI * 0.6 * 0.4 * 100 * 100)).toBeCloseTo(1, 2);
  });

  it('finds the pixel of an anatomical point, turned, scaled, mirrored and warped', () => {
    const pose = {
      centreX: 0.1,
      centreY: -0.05,
      scaleX: -0.8,
      scaleY: 0.7,
      angle: 0.3,
      warp: 0.02,
      warpCells: 4,
    };
    const frame = new Frame(120, pose, new Random(1));
    for (const [u, v] of [
      [0, 0],
      [0.4, -0.5],
      [-0.6, 0.3],
    ] as const) {
      const [x, y] = frame.toPixel(u, v);
      const [backU, backV] = frame.at(Math.floor(y) * 120 + Math.floor(x));
      expect(Math.hypot(backU - u, backV - v)).toBeLessThan(0.04);
    }
  });

  it('paints a measured shape like the shape itself, inside its bounds whatever the pose', () => {
    const frame = new Frame(
      90,
      { ...upright, scaleX: -0.9, angle: 0.5, warp: 0.03, warpCells: 5 },
      new Random(2),
    );
    const shape = blob(0.2, 0.1, 0.4, new Random(3));
    const everywhere = { bounds: { left: -9, top: -9, right: 9, bottom: 9 }, depth: shape.depth };
    expectWithin(frame.coverage(frame.measured(shape)), frame.coverage(shape), 1e-4);
    expect(frame.coverage(everywhere)).toEqual(frame.coverage(shape));
    expect(frame.unit).toBeCloseTo(45 * Math.sqrt(0.9), 9);
  });
});
