// Does nothing.
import { defineHandler } from 'lws-pool';

export default defineHandler({});
