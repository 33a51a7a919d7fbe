/** Tells which thread it runs on: /proc/thread-self leads to /proc/PID/task/TID. */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { defineHandler } from '../lws-pool-library.mjs';

export default defineHandler((context) => ({
  open: () => context.post(Number(basename(readlinkSync('/proc/thread-self')))),
}));
