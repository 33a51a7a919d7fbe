import type { LwsPoolError } from 'lws-pool';
import { escapedLines } from '../phrases.js';
import { isWrongUse } from '../wrong-use.js';
import { FileError } from './files.js';
import { STATUS } from './status.js';
import { WatchError } from './top/client.js';

/** One readable line on standard error; the stack too where the fault is ours. */
export function report(error: unknown): void {
  process.stderr.write(`${escapedLines(describe(error))}\n`);
}

export function exitStatusOf(error: unknown): number {
  const wrongUse = error instanceof FileError || (isOfLibrary(error) && isWrongUse(error));
  return wrongUse ? STATUS.usage : STATUS.failed;
}

function describe(error: unknown): string {
  if (isOfLibrary(error)) return `lws-pool: ${error.code}: ${error.message}`;
  if (error instanceof FileError || error instanceof WatchError) {
    return `lws-pool: ${error.message}`;
  }
  return `lws-pool: ${error instanceof Error ? error.stack : String(error)}`;
}

/**
 * Told by its form: the library is loaded only where it is needed, and that it cannot be is one of
 * its errors.
 */
function isOfLibrary(error: unknown): error is LwsPoolError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
