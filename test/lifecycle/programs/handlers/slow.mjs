// Takes its time to load.
import { defineHandler } from 'lws-pool';

await new Promise((resolve) => setTimeout(resolve, 300));

export default defineHandler({});
