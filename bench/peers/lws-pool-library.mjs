/** The library that is measured: the one next to this folder, or another build of it. */
import { pathToFileURL } from 'node:url';

const { LWS_POOL_DIST } = process.env;
const library = LWS_POOL_DIST
  ? pathToFileURL(`${LWS_POOL_DIST}/`)
  : new URL('../../dist/', import.meta.url);

export const { createPool, defineHandler, Ring } = await import(new URL('index.js', library).href);
