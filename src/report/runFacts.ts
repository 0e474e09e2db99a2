import type { SavedRun } from '../train/savedRun.js';
import { ruleOf } from './evaluationResult.js';
import { counted, formatScore } from './numbers.js';
import type { ReportData } from './types.js';

/** What a reader must know of a run: what it is, what it learned from, how it decides. */
export function runFacts(run: SavedRun): ReportData['facts'] {
  const { config, data, decision, createdWith } = run;
  const threshold = decision?.threshold;
  return [
    ['Method', `${config.method}, preset ${config.preset}`],
    ['Backbone', config.backbone],
    ['Learned from', isUntrained(run) ? 'no images' : learnedFrom(data)],
    ['Training', `${counted(run.history.length, 'epoch')}, seed ${config.seed}`],
    [
      'Threshold',
      threshold && decision
        ? `${formatScore(threshold.threshold)}: ${ruleOf(threshold)} on the ${decision.chosenOn}`
        : 'none',
    ],
    ['Fitted with', `iqe-clip ${createdWith}`],
  ];
}

/** Whether a run is of a method that needs no images. */
function isUntrained({ data: { shots, sets } }: SavedRun): boolean {
  return sets === undefined && shots.normal.length + shots.abnormal.length === 0;
}

function learnedFrom({ name, shots, sets, masks }: SavedRun['data']): string {
  const withMasks = (has: boolean) => (has ? 'with' : 'without');
  if (sets) {
    return sets
      .map((set) => `${set.training.length} of ${set.name} (${withMasks(set.masks)} masks)`)
      .join(', ');
  }
  const { normal, abnormal } = shots;
  return `${normal.length} normal and ${counted(abnormal.length, 'abnormal image')} of ${name}, ${withMasks(masks)} masks`;
}

/** Who chose what on which data. */
export function runProtocol(run: SavedRun): ReportData['protocol'] {
  const { data, decision, selected } = run;
  const { selectedOn } = data;
  if (selectedOn) return selectedProtocol(data.sets === undefined, selectedOn);
  if (data.sets) return setsProtocol(data.sets, selected);
  const { normal, abnormal } = data.shots;
  if (isUntrained(run)) {
    return {
      name: 'Untrained',
      description: [
        'The method learned from no images, and no threshold was chosen: scores are the method’s own.',
      ],
      selectsOnTest: false,
    };
  }
  const chosenOn =
    decision?.chosenOn === 'support images'
      ? 'The threshold and the calibration of the scores were chosen on the support images themselves, as there were no other labelled ones: decisions look surer than they are.'
      : 'The threshold and the calibration of the scores were chosen on validation images: others of the split that the support images are from.';
  return {
    name: 'Few-shot',
    description: [
      `The model learned from ${counted(normal.length, 'normal image')} and ${counted(abnormal.length, 'abnormal image')}, its support images.`,
      chosenOn,
      'Nothing was chosen on the images that were measured. A score is that of one image alone: no scores are scaled over a test set.',
    ],
    selectsOnTest: false,
  };
}

function selectedProtocol(
  isFewShot: boolean,
  { name, splits, images }: NonNullable<SavedRun['data']['selectedOn']>,
): ReportData['protocol'] {
  const selectsOnTest = splits.includes('test');
  return {
    name: `${isFewShot ? 'Few-shot' : 'Zero-shot'}, selected on ${name}`,
    description: [
      `The epoch, the threshold and the calibration of the scores were chosen on ${counted(images, 'image')} of ${name} (${splits.join(', ')}), as the released code of many papers does.`,
    ],
    selectsOnTest,
  };
}

function setsProtocol(
  sets: NonNullable<SavedRun['data']['sets']>,
  selected: SavedRun['selected'],
): ReportData['protocol'] {
  const count = (images: 'training' | 'heldBack') =>
    counted(
      sets.reduce((sum, set) => sum + set[images].length, 0),
      'image',
    );
  const names = sets.map(({ name }) => name).join(', ');
  return {
    name: 'Zero-shot',
    description: [
      `The model learned from ${count('training')} of ${names}, none of them of a test split.`,
      `${selected ? `The epoch (${selected.epoch}), the` : 'The'} threshold and the calibration of the scores were chosen on ${count('heldBack')} of the same sets that were held back.`,
      'A score is that of one image alone: no scores are scaled over a test set.',
    ],
    selectsOnTest: false,
  };
}

/** What the backbone is not, where it is the one that comes with the package. */
export function backboneNotices({ config }: SavedRun): string[] {
  if (config.backbone !== 'tiny') return [];
  return [
    'The backbone tiny was pretrained on drawn phantoms and is no substitute for CLIP: these numbers say nothing of the method.',
  ];
}
