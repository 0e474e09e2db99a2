import { type ReadingSettings, readingSchema } from '../data/readingSettings.js';
import { merged, type RunConfig } from '../train/config.js';

/**
 * How a command reads images for a saved run: as those were that the run learned from, but for what
 * the user said.
 *
 * @param given {@link Settings.given}
 */
export function readingFor({ reading }: RunConfig, given: object): ReadingSettings {
  const { reading: said = {} } = given as { reading?: object };
  return readingSchema.parse(merged(reading, said));
}
