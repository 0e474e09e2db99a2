import type { SavedRun } from '../train/savedRun.js';
import { ruleOf } from './evaluationResult.js';
import { counted, formatScore } from './numbers.js';
import type { ReportData } from './types.js';

/** What a reader must know of a run: what it is, what it learned from, how it decides. */
export function runFacts(run: SavedRun): ReportData['facts'] {
  const { config, data, decision, createdWith } = run;
  const { normal, abnormal } = data.shots;
  const threshold = decision?.threshold;
  return [
    ['Method', `${config.method}, preset ${config.preset}`],
    ['Backbone', config.backbone],
    [
      'Learned from',
      isUntrained(run)
        ? 'no images'
        : `${normal.length} normal and ${counted(abnormal.length, 'abnormal image')} of ${data.name}, ${data.masks ? 'with' : 'without'} masks`,
    ],
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
function isUntrained({ data: { shots } }: SavedRun): boolean {
  return shots.normal.length + shots.abnormal.length === 0;
}

/** Who chose what on which data. */
export function runProtocol(run: SavedRun): ReportData['protocol'] {
  const { data, decision } = run;
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

/** What the backbone is not, where it is the one that comes with the package. */
export function backboneNotices({ config }: SavedRun): string[] {
  if (config.backbone !== 'tiny') return [];
  return [
    'The backbone tiny was pretrained on drawn phantoms and is no substitute for CLIP: these numbers say nothing of the method.',
  ];
}
