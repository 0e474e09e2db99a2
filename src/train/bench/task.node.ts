import { IqeError, messageOf } from '../../base/errors.js';
import type { TaskAnswer, TaskRequest } from './taskProcess.node.js';

/**
 * The process of one measurement: it is told what to measure and answers with what it measured. As it
 * has done nothing before, its memory and its start are those of the measured work alone.
 */
process.once('message', (request: TaskRequest) => {
  measured(request).then(
    (result) => answer({ kind: 'result', result }),
    (error: unknown) => {
      const { code, hint } =
        error instanceof IqeError ? error : { code: 'runtime', hint: undefined };
      answer({ kind: 'error', code: code as IqeError['code'], message: messageOf(error), hint });
    },
  );
});
process.once('disconnect', () => process.exit());

async function measured({ setup, task }: TaskRequest): Promise<unknown> {
  if (task.name === 'prepare') return (await import('./setup.node.js')).prepareBench(setup);
  const measure = await import('./measure.node.js');
  switch (task.name) {
    case 'rate':
      return measure.measureRate(setup);
    case 'int8':
      return measure.measureInt8Products(setup);
    case 'tower':
      return measure.measureTower(setup, task);
    case 'predict':
      return measure.measurePredict(setup, task);
    case 'steps':
      return measure.measureSteps(setup, task);
    case 'training':
      return measure.measureTraining(setup, task);
  }
}

function answer(answer: TaskAnswer): void {
  process.send?.(answer);
}
