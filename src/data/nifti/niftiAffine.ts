/**
 * The upper three rows, one after the other, of a 4 × 4 matrix from voxel indices (i, j, k, 1) to
 * millimetres towards the patient's right, front (anterior) and top (superior).
 */
export type Affine = readonly number[];

/** Where (i, j, k) is. */
export function applyAffine(affine: Affine, i: number, j: number, k: number): number[] {
  return [0, 4, 8].map(
    (row) =>
      at(affine, row) * i + at(affine, row + 1) * j + at(affine, row + 2) * k + at(affine, row + 3),
  );
}

/** Whether all entries are finite and the matrix can be inverted. */
export function isUsable(affine: Affine): boolean {
  const scale = [0, 1, 2].reduce((product, axis) => product * voxelSize(affine, axis), 1);
  return affine.every(Number.isFinite) && Math.abs(determinant(affine)) > 1e-6 * scale;
}

/** Millimetres between voxels along `axis`. */
export function voxelSize(affine: Affine, axis: number): number {
  return Math.hypot(at(affine, axis), at(affine, axis + 4), at(affine, axis + 8));
}

/**
 * The affine of `quaternion` = (b, c, d, x, y, z) and voxel sizes (nifti1.h, method 2): a rotation
 * with a = √(1 − b² − c² − d²), its third column times the sign of `pixdim[0]`.
 */
export function qformAffine(quaternion: readonly number[], pixdim: readonly number[]): number[] {
  let [b = 0, c = 0, d = 0, ...offset] = quaternion;
  const length = Math.hypot(b, c, d);
  if (length > 1) [b, c, d] = [b / length, c / length, d / length];
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  const mirror = (pixdim[0] ?? 1) < 0 ? -1 : 1;
  return rotation.flatMap((row, axis) => [
    ...row.map((entry, column) => entry * at(pixdim, column + 1) * (column === 2 ? mirror : 1)),
    at(offset, axis),
  ]);
}

/** Voxel sizes only: x from right to left, the origin in the centre, sizes that cannot be as 1. */
export function baseAffine(shape: readonly number[], pixdim: readonly number[]): number[] {
  return [0, 1, 2].flatMap((axis) => {
    const stated = Math.abs(pixdim[axis + 1] ?? 1);
    const size = (stated > 0 && Number.isFinite(stated) ? stated : 1) * (axis === 0 ? -1 : 1);
    const row = [0, 0, 0, (-size * ((shape[axis] ?? 1) - 1)) / 2];
    row[axis] = size;
    return row;
  });
}

/** The inverse; `affine` has to be {@link isUsable}. */
export function invertAffine(affine: Affine): number[] {
  const scale = 1 / determinant(affine);
  const cofactor = (row: number, column: number) => {
    const [r1, r2] = [(row + 1) % 3, (row + 2) % 3];
    const [c1, c2] = [(column + 1) % 3, (column + 2) % 3];
    return (
      entry(affine, r1, c1) * entry(affine, r2, c2) - entry(affine, r1, c2) * entry(affine, r2, c1)
    );
  };
  return [0, 1, 2].flatMap((row) => {
    const linear = [0, 1, 2].map((column) => scale * cofactor(column, row));
    const moved = linear.reduce((sum, value, axis) => sum - value * entry(affine, axis, 3), 0);
    return [...linear, moved];
  });
}

/** For each of the patient's axes (right, front, top): the voxel axis that goes along it most. */
export interface Orientation {
  readonly axes: readonly [number, number, number];
  /** Whether that voxel axis goes the other way: left, back, down. */
  readonly flipped: readonly [boolean, boolean, boolean];
}

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** The closest assignment of voxel axes to the patient's: largest sum of absolute cosines. */
export function orientationOf(affine: Affine): Orientation {
  const cosine = (row: number, axis: number) => entry(affine, row, axis) / voxelSize(affine, axis);
  const alignment = (axes: readonly number[]) =>
    axes.reduce((sum, axis, row) => sum + Math.abs(cosine(row, axis)), 0);
  const axes = permutations.reduce((best, next) =>
    alignment(next) > alignment(best) + 1e-9 ? next : best,
  );
  const [right, front, top] = axes;
  return {
    axes,
    flipped: [cosine(0, right) < 0, cosine(1, front) < 0, cosine(2, top) < 0],
  };
}

/** Where the voxel axes point to, such as `LAS`: left, front (anterior), top (superior). */
export function orientationCode(affine: Affine): string {
  const { axes, flipped } = orientationOf(affine);
  const letters = ['RL', 'AP', 'SI'];
  return [0, 1, 2]
    .map((voxelAxis) => {
      const axis = axes.indexOf(voxelAxis);
      return letters[axis]?.[flipped[axis] ? 1 : 0];
    })
    .join('');
}

function determinant(affine: Affine): number {
  return [0, 1, 2].reduce((sum, column) => {
    const [c1, c2] = [(column + 1) % 3, (column + 2) % 3];
    const minor =
      entry(affine, 1, c1) * entry(affine, 2, c2) - entry(affine, 1, c2) * entry(affine, 2, c1);
    return sum + entry(affine, 0, column) * minor;
  }, 0);
}

function entry(affine: Affine, row: number, column: number): number {
  return at(affine, 4 * row + column);
}

function at(values: readonly number[], index: number): number {
  return values[index] as number;
}
