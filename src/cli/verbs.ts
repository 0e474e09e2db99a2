import type { VerbBuilder } from './verb.js';
import { benchCommand } from './verbs/bench.js';
import { benchmarkCommand } from './verbs/benchmark.js';
import { dataCommand } from './verbs/data.js';
import { evaluateCommand } from './verbs/evaluate.js';
import { fitCommand } from './verbs/fit.js';
import { infoCommand } from './verbs/info.js';
import { predictCommand } from './verbs/predict.js';
import { reportCommand } from './verbs/report.js';
import { trainCommand } from './verbs/train.js';

/** All verbs, in the order of the help text. */
export const verbs: readonly VerbBuilder[] = [
  fitCommand,
  trainCommand,
  predictCommand,
  evaluateCommand,
  benchmarkCommand,
  reportCommand,
  dataCommand,
  benchCommand,
  infoCommand,
];
