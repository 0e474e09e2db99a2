/** A colour as red, green and blue, 0…255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * Coefficients c₀…c₆ of red, green and blue: the sixth-degree fit by Matt Zucker (CC0) of the
 * Inferno map by Nathaniel Smith and Stéfan van der Walt (matplotlib, CC0).
 */
const inferno: readonly (readonly number[])[] = [
  [
    0.0002189403691192265, 0.1065134194856116, 11.60249308247187, -41.70399613139459,
    77.162935699427, -71.31942824499214, 25.13112622477341,
  ],
  [
    0.001651004631001012, 0.5639564367884091, -3.972853965665698, 17.43639888205313,
    -33.40235894210092, 32.62606426397723, -12.24266895238567,
  ],
  [
    -0.01948089843709184, 3.932712388889277, -15.9423941062914, 44.35414519872813,
    -81.80730925738993, 73.20951985803202, -23.07032500287172,
  ],
];

/** How many colours {@link colourTable} has. */
export const colourCount = 256;

/**
 * The Inferno colour map, `[256, 3]` bytes from black (position 0) over purple and orange to pale
 * yellow (position 1). Its lightness grows evenly, so that it also reads in print and with any
 * colour vision.
 */
export const colourTable: Uint8Array = makeTable();

function makeTable(): Uint8Array {
  const table = new Uint8Array(colourCount * 3);
  for (let index = 0; index < colourCount; index++) {
    const position = index / (colourCount - 1);
    for (const [channel, coefficients] of inferno.entries()) {
      const value = coefficients.reduceRight((sum, coefficient) => sum * position + coefficient, 0);
      table[index * 3 + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
  }
  return table;
}

/** The colour at `position` in 0…1; positions outside are clamped. */
export function colourAt(position: number): Rgb {
  const at = 3 * colourIndex(position);
  return [colourTable[at] as number, colourTable[at + 1] as number, colourTable[at + 2] as number];
}

/** The row of {@link colourTable} for `position` in 0…1; positions outside are clamped. */
export function colourIndex(position: number): number {
  return position > 0 ? Math.min(colourCount - 1, Math.round(position * (colourCount - 1))) : 0;
}

/** Where anomaly values lie on the colour map. */
export interface ColourScale {
  /** The threshold the scale was made for. */
  readonly threshold: number | null;
  /** Position in 0…1 on the colour map of an anomaly value in 0…1. */
  position(value: number): number;
}

/** A threshold is never drawn nearer to an end of the colour map than this. */
const nearestToEnd = 1 / 3;

/**
 * The scale of one threshold τ: linear from 0 to 1 as long as τ is in ⅓…⅔. A model that is sure of
 * itself may have τ = 0.01, and all that matters would be one colour; then the scale is linear from
 * 0 to τ and from τ to 1, with τ at the third of the map that is nearer to it.
 */
export function colourScale(threshold: number | null): ColourScale {
  if (threshold === null || !(threshold > 0 && threshold < 1)) {
    return { threshold, position: (value) => value };
  }
  const at = Math.min(1 - nearestToEnd, Math.max(nearestToEnd, threshold));
  return {
    threshold,
    position: (value) =>
      value < threshold
        ? (value / threshold) * at
        : at + ((value - threshold) / (1 - threshold)) * (1 - at),
  };
}
