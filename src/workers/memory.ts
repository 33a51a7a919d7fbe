import { getHeapStatistics } from 'node:v8';
import { WORKER_FIGURE } from '../channel/figures.js';

/** Milliseconds. */
const INTERVAL = 1_000;

/** Keeps the figures of a worker's memory up to date, for as long as its thread runs. */
export function noteMemory(figures: Float64Array | undefined): void {
  if (figures === undefined) return;
  const note = () => {
    const heap = getHeapStatistics();
    figures[WORKER_FIGURE.heapUsed] = heap.used_heap_size;
    figures[WORKER_FIGURE.heapTotal] = heap.total_heap_size;
    figures[WORKER_FIGURE.external] = heap.external_memory;
  };
  note();
  setInterval(note, INTERVAL).unref();
}
