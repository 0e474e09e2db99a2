import { IqeError } from '../base/errors.js';
import type { DataSet, Sample } from './layout.js';

/**
 * A data set whose test split stays closed until there is something to measure on it: whatever trains
 * or selects is given {@link development}, which has no test image, and {@link testSplit} asks for the
 * finished run that it is opened for.
 */
export class SealedDataSet {
  readonly #whole: DataSet;
  /** All but the test split. */
  readonly development: DataSet;

  /** @throws {IqeError} `data` where there is no test split that could be kept apart. */
  constructor(dataSet: DataSet) {
    const samples = dataSet.samples.filter(({ split }) => split !== 'test');
    if (samples.length === dataSet.samples.length) {
      throw new IqeError('data', `${dataSet.name} has no test split to measure on.`, {
        hint: "Put the images to measure in a split 'test', those to learn from in 'valid' or 'train'.",
      });
    }
    this.#whole = dataSet;
    const hasMasks = samples.some(({ maskPath }) => maskPath !== null);
    this.development = { ...dataSet, samples, hasMasks };
  }

  get name(): string {
    return this.#whole.name;
  }

  /**
   * The labelled test images and the set that they are of.
   *
   * @param run What is measured: nothing more can be learned or selected.
   * @throws {IqeError} `usage` while it is not finished; `data` where no test image has a label.
   */
  testSplit(run: { readonly finished: boolean }): { dataSet: DataSet; samples: Sample[] } {
    if (!run.finished) {
      throw new IqeError('usage', `The test split of ${this.name} is closed during training.`, {
        hint: 'Only a finished run can be measured on it.',
      });
    }
    return this.#labelledTest();
  }

  /** The set with its test split, to look up what is known of it: for selecting on test images. */
  whole(): DataSet {
    return this.#whole;
  }

  /**
   * The test images for selecting on them, as the released code of many papers does. What is reported
   * of a run that was selected so must say it.
   */
  testSplitForSelection(): Sample[] {
    return this.#labelledTest().samples;
  }

  /** Patients with images on both sides of the seal; empty where none is known. */
  patientsOnBothSides(): string[] {
    const outside = new Set(this.development.samples.map(({ patient }) => patient));
    const inside = this.#whole.samples.filter(({ split }) => split === 'test');
    const both = inside.flatMap(({ patient }) =>
      patient !== null && outside.has(patient) ? [patient] : [],
    );
    return [...new Set(both)];
  }

  #labelledTest(): { dataSet: DataSet; samples: Sample[] } {
    const samples = this.#whole.samples.filter(
      ({ split, label }) => split === 'test' && label !== null,
    );
    if (samples.length === 0) {
      throw new IqeError('data', `The test split of ${this.name} has no labelled images.`, {
        hint: "'iqe-clip data check' tells what the folder is read as.",
      });
    }
    return { dataSet: this.#whole, samples };
  }
}
