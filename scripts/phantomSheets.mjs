#!/usr/bin/env node
// Writes docs/phantoms.md and draws docs/phantoms/MODALITY.webp: four normal phantoms, and below each the
// same with a lesion and the outline of its mask. Run `npm run build` first.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { Random } from '../dist/base/random.js';
import { drawPhantom, lesionKinds } from '../dist/data/phantoms/drawPhantom.js';
import { modalities } from '../dist/data/phantoms/phantom.js';
import { Canvas } from '../dist/report/canvas.js';
import { contourSegments } from '../dist/report/contour.js';

const docs = fileURLToPath(new URL('../docs', import.meta.url));
const folder = join(docs, 'phantoms');
const about = {
  'brain-mr':
    'Axial MR of the brain: T1, T1 with contrast agent, T2, FLAIR. Rician noise, the bias field of a coil, motion.',
  'head-ct':
    'Axial CT of the head in a brain window. Quantum noise, beam hardening, headrest, usual calcifications.',
  'chest-xray':
    'Frontal chest radiographs as overlapping shadows. Grain, exposure, side markers, leads and tubes.',
  'abdominal-ct':
    'Axial CT at the liver or the kidneys in a soft-tissue window, with or without contrast agent. Streaky noise, table.',
  'retinal-oct':
    'B-scans of the macula: layers, foveal pit, pigment epithelium, choroid. Speckle, shadows of vessels, tilt.',
  ultrasound:
    'B-mode of breast (linear probe) and abdomen (curved probe), drawn along the beam. Speckle, shadows, enhancement.',
  histology:
    "Haematoxylin and eosin sections of lymph node, breast and colon, coloured by Beer–Lambert's law. Stain variation, focus, dust.",
  mammography:
    'Craniocaudal and oblique views of four densities. Benign calcifications, lymph nodes, skin folds, labels, noise.',
  dermoscopy:
    'Skin under a lit magnifier. Hairs, freckles, gel bubbles, rulers, ink, dark corners.',
};
const [size, gap, columns] = [200, 6, 4];
const outline = [64, 255, 214];
await mkdir(folder, { recursive: true });
for (const modality of modalities) {
  const sheet = new Canvas(columns * (size + gap) - gap, 2 * (size + gap) - gap, [255, 255, 255]);
  for (const [row, lesion] of [null, 'random'].entries()) {
    for (let column = 0; column < columns; column++) {
      const random = new Random(1, 'sheet', modality, column);
      const { image, mask } = drawPhantom({ modality, lesion, size, random });
      const cell = new Canvas(size, size);
      cell.paste(image, 0, 0);
      if (lesion) {
        const map = { width: size, height: size, data: Float32Array.from(mask) };
        cell.stroke(contourSegments(map, 0.5), 1, outline);
      }
      sheet.paste(cell, column * (size + gap), row * (size + gap));
    }
  }
  const { width, height, data } = sheet;
  const file = join(folder, `${modality}.webp`);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ quality: 82 })
    .toFile(file);
  process.stdout.write(`${file}\n`);
}

const sections = modalities.map((modality) => {
  const kinds = lesionKinds(modality).map((kind) => kind.replaceAll('-', ' '));
  return [
    `## ${modality}`,
    `![Four normal phantoms and the same with lesions](phantoms/${modality}.webp)`,
    about[modality],
    `Lesions: ${kinds.join(', ')}.`,
  ].join('\n\n');
});
await writeFile(
  join(docs, 'phantoms.md'),
  `# Phantoms

Drawn pictures that look like medical images: what the shipped backbone was pretrained on, and data sets to
try everything with. They are no patients and no substitute for them; what is measured on them says that
things work, not how well.

\`\`\`sh
npx iqe-clip data synth -o phantoms --modalities brain-mr,ultrasound --seed 1
\`\`\`

writes one data set for each modality in the benchmark's layout, with masks, and \`phantoms.json\` with the
seed, a caption and the lesion of each image. The same seed gives the same images, whatever else is drawn;
anatomy, noise and artefacts do not depend on the lesion. [The verb's page](cli/data-synth.md) lists the options.

In each sheet the upper row is normal, the lower row has the same pictures with a lesion, outlined by its
mask. \`scripts/phantomSheets.mjs\` draws the sheets and writes this page.

${sections.join('\n\n')}
`,
);
