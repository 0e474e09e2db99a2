/**
 * Gaussian blur of a `width × height` field with deviations `sigmaX`, `sigmaY` in pixels, edges
 * repeated. Up to 2.5 pixels by the sampled kernel, above by three box passes. Returns a new field.
 */
export function gaussianBlur(
  field: Float32Array,
  width: number,
  height: number,
  sigmaX: number,
  sigmaY: number = sigmaX,
): Float32Array {
  const across = blurRows(field, width, height, sigmaX);
  if (sigmaY <= 0.15) return across;
  if (sigmaY <= 2.5) return convolveColumns(across, width, height, gaussianKernel(sigmaY));
  const turned = transpose(across, width, height);
  return transpose(blurRows(turned, height, width, sigmaY), height, width);
}

/** `field` with rows and columns exchanged. */
function transpose(field: Float32Array, width: number, height: number): Float32Array {
  const turned = new Float32Array(field.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = field[y * width + x] as number;
  }
  return turned;
}

function blurRows(field: Float32Array, width: number, height: number, sigma: number): Float32Array {
  if (sigma <= 0.15) return Float32Array.from(field);
  if (sigma <= 2.5) return convolveRows(field, width, height, gaussianKernel(sigma));
  // A box of radius r has variance r (r + 1) / 3: three of them, some a pixel wider, come near σ².
  const variance = sigma * sigma;
  const radius = Math.floor((Math.sqrt(4 * variance + 1) - 1) / 2);
  const wider = Math.round((variance - radius * (radius + 1)) / ((2 * (radius + 1)) / 3));
  let current = field;
  for (let pass = 0; pass < 3; pass++) {
    current = boxRows(current, width, height, pass < wider ? radius + 1 : radius);
  }
  return current;
}

function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.max(1, Math.ceil(2.6 * sigma));
  const kernel = new Float64Array(2 * radius + 1);
  let sum = 0;
  for (let k = -radius; k <= radius; k++) {
    const weight = Math.exp((-k * k) / (2 * sigma * sigma));
    kernel[k + radius] = weight;
    sum += weight;
  }
  return kernel.map((weight) => weight / sum);
}

function convolveRows(
  field: Float32Array,
  width: number,
  height: number,
  kernel: Float64Array,
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const result = new Float32Array(field.length);
  const padded = new Float64Array(width + 2 * radius);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    padded.fill(field[row] as number, 0, radius);
    for (let x = 0; x < width; x++) padded[radius + x] = field[row + x] as number;
    padded.fill(field[row + width - 1] as number, radius + width);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) {
        sum += (kernel[k] as number) * (padded[x + k] as number);
      }
      result[row + x] = sum;
    }
  }
  return result;
}

function convolveColumns(
  field: Float32Array,
  width: number,
  height: number,
  kernel: Float64Array,
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const result = new Float32Array(field.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let k = 0; k < kernel.length; k++) {
      const source = Math.min(height - 1, Math.max(0, y + k - radius)) * width;
      const weight = kernel[k] as number;
      for (let x = 0; x < width; x++) {
        result[row + x] = (result[row + x] as number) + weight * (field[source + x] as number);
      }
    }
  }
  return result;
}

function boxRows(field: Float32Array, width: number, height: number, radius: number): Float32Array {
  const result = new Float32Array(field.length);
  const last = width - 1;
  const share = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let k = -radius; k <= radius; k++) {
      sum += field[row + Math.min(last, Math.max(0, k))] as number;
    }
    for (let x = 0; x < width; x++) {
      result[row + x] = sum * share;
      const enters = field[row + Math.min(last, x + radius + 1)] as number;
      const leaves = field[row + Math.max(0, x - radius)] as number;
      sum += enters - leaves;
    }
  }
  return result;
}
