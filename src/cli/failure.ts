import { LwsPoolError } from '../errors/classes.js';
import { escapedLines } from '../errors/phrases.js';
import { USAGE_ERRORS } from '../errors/usage.js';
import { ListenError } from '../target/listen-error.js';
import { FileError } from './files.js';
import { STATUS } from './status.js';
import { WatchError } from './top/client.js';

/** One readable line on standard error; the stack too where the fault is ours. */
export function report(error: unknown): void {
  process.stderr.write(`${escapedLines(describe(error))}\n`);
}

export function exitStatusOf(error: unknown): number {
  const wrongUse =
    error instanceof FileError ||
    (error instanceof LwsPoolError &&
      error.code !== 'ERR_ADDON' &&
      Object.hasOwn(USAGE_ERRORS, error.code));
  return wrongUse ? STATUS.usage : STATUS.failed;
}

function describe(error: unknown): string {
  if (error instanceof LwsPoolError) return `lws-pool: ${error.code}: ${error.message}`;
  if (error instanceof FileError || error instanceof ListenError || error instanceof WatchError) {
    return `lws-pool: ${error.message}`;
  }
  return `lws-pool: ${error instanceof Error ? error.stack : String(error)}`;
}
