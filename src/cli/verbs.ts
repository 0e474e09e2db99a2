import type { VerbBuilder } from './verb.js';
import { dataCommand } from './verbs/data.js';
import { infoCommand } from './verbs/info.js';

/** All verbs, in the order of the help text. */
export const verbs: readonly VerbBuilder[] = [dataCommand, infoCommand];
