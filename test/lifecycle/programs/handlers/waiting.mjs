// Has its worker wait in a system call, which nothing interrupts, until somebody writes to a FIFO.
import { execFileSync } from 'node:child_process';
import { defineHandler } from 'lws-pool';

export default defineHandler((context) => ({
  receive(fifo) {
    context.post('waiting');
    execFileSync('cat', [fifo]);
  },
}));
