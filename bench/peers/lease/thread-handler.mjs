/** Tells which thread it runs on. */
import { thisThread } from '../contract/threads.mjs';
import { defineHandler } from '../lws-pool-library.mjs';

export default defineHandler((context) => ({ open: () => context.post(thisThread()) }));
