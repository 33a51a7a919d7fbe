import { describe } from '../base/describe.js';
import { createError, LwsPoolError } from '../errors/errors.js';
import type { PlacementPolicy, PlacementWorker } from '../options/placement.js';
import { EXCEPTION } from '../options/rejection.js';

/** Returns the index of the chosen worker, undefined while none is alive. */
export type Placement = (workers: readonly PlacementWorker[]) => number | undefined;

/** Makes a placement, with the memory of its own that taking turns needs. */
export function createPlacement(policy: PlacementPolicy): Placement {
  switch (policy) {
    case 'least-connections':
      return inTurn((worker, best) => best === undefined || worker.connections < best.connections);
    case 'round-robin':
      return inTurn((_, best) => best === undefined);
    default:
      return (workers) => (workers.some(({ alive }) => alive) ? ask(policy, workers) : undefined);
  }
}

/** Looks at the workers that are alive, beginning after the one chosen last. */
function inTurn(
  better: (worker: PlacementWorker, best: PlacementWorker | undefined) => boolean,
): Placement {
  let last = -1;
  return (workers) => {
    let best: PlacementWorker | undefined;
    let chosen = last;
    for (let step = 1; step <= workers.length; step++) {
      const position = (last + step) % workers.length;
      const worker = workers[position];
      if (worker?.alive && better(worker, best)) [best, chosen] = [worker, position];
    }
    last = chosen;
    return best?.index;
  };
}

/** @throws LwsPoolError ERR_INVALID_OPTION when the function throws or answers anything else. */
function ask(
  policy: (workers: readonly PlacementWorker[]) => number,
  workers: readonly PlacementWorker[],
): number {
  const takes = 'a function that answers the index of a worker that is alive';
  let answer: unknown;
  try {
    answer = policy(workers);
  } catch (cause) {
    if (cause instanceof LwsPoolError) throw cause;
    throw createError(
      'ERR_INVALID_OPTION',
      { option: 'placement', got: EXCEPTION, takes },
      { cause },
    );
  }
  const worker = workers.find(({ index }) => index === answer);
  if (worker?.alive) return worker.index;
  const got = `the answer ${describe(answer)}${worker === undefined ? '' : ', which is not alive'}`;
  throw createError('ERR_INVALID_OPTION', { option: 'placement', got, takes });
}
