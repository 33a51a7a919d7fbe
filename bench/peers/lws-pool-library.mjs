/** The library that is measured: the one next to this folder, or another build of it. */
import { pathToFileURL } from 'node:url';

const { LWS_POOL_DIST } = process.env;
const library = LWS_POOL_DIST
  ? pathToFileURL(`${LWS_POOL_DIST}/`)
  : new URL('../../dist/', import.meta.url);

const built = await import(new URL('index.js', library).href);

export const { createPool, defineHandler, Ring } = built;
/** Older builds, which bench:compare measures too, do not have it. */
export const { releaseMessage = () => undefined } = built;
