// Keeps its worker busy for as long as the main thread wants it, and then goes on or dies.
import process from 'node:process';
import { defineHandler } from 'lws-pool';

export default defineHandler((context) => ({
  receive({ state, worker }) {
    if (worker !== context.worker) return;
    context.post('held');
    while (Atomics.load(state, 0) === 0) {
      // As a handler that loops.
    }
    if (Atomics.load(state, 0) === 2) process.exit(3);
  },
}));
