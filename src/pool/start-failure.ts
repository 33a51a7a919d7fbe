import type { ErrorDetails } from '../errors/errors.js';
import { resourceShortage } from '../errors/shortage.js';

/**
 * Why a worker never came to serve, where starting another one at once would end in the same way: a
 * shortage, a thread that Node.js refuses to make, a pool in a module that workers load before they start.
 *
 * @param cause what its thread ended with
 * @param made whether there was a thread
 * @returns details of ERR_WORKER_START; undefined where it crashed, and the next one may fare better
 */
export function startFailure(cause: unknown, made: boolean): ErrorDetails | undefined {
  const { code, message } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  // It was thrown in the worker: of its class nothing is left.
  if (code === 'ERR_NESTED_POOL') {
    return {
      reason: 'a module of --import or --require creates a pool in it as well',
      hint: 'Create that pool only where "isMainThread" of node:worker_threads is true.',
    };
  }
  const errno = resourceShortage(cause);
  if (errno !== undefined) return { errno, reason: message };
  if (made) return undefined;
  return code === 'ERR_ACCESS_DENIED'
    ? {
        reason: 'the permission model of Node.js forbids threads',
        hint: 'Run node with --allow-worker as well.',
      }
    : { reason: message, hint: 'Remove what keeps Node.js from making threads; see the cause.' };
}
