import { workerData } from 'node:worker_threads';

/** The `workerData` of the threads of pools, by which code that runs in one knows it. */
export const POOL_WORKER = 'lws-pool worker';

/** Guarded by nothing: each thread has its own copy of this module. */
let serving = false;

/** This thread's service runs from now on. */
export function noteServing(): void {
  serving = true;
}

/**
 * Whether this thread is a pool's worker that does not serve yet: modules of `--import` and `--require`
 * run, which workers inherit.
 */
export function isStartingWorker(): boolean {
  return !serving && workerData === POOL_WORKER;
}
