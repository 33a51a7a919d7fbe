import { isUint8Array } from 'node:util/types';
import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import { native } from '../native.js';
import { isPinned } from '../ring/memory.js';

/**
 * Frees the memory of a message now, instead of when it is garbage-collected. Use it for many messages
 * over 16 KiB: V8 counts their bytes as its own, and collects garbage after every few hundred, for a
 * third of all CPU time.
 *
 * The message is empty afterwards, in all your references to it. Do not call this while an asynchronous
 * operation such as `fs.write()` uses its bytes: the next message may already be in its memory. After
 * `connection.send()` has returned you may: it copies them. Messages up to 16 KiB share memory with
 * others and are left alone, as are parts of other Buffers, and memory that a ring has used.
 *
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function releaseMessage(message: Uint8Array): void {
  if (!isUint8Array(message)) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'message',
      got: describe(message),
      takes: 'a Buffer or Uint8Array',
    });
  }
  // What shares its memory lies behind other things, most of the time, and this is asked for at no cost.
  if (message.byteOffset > 0 || message.byteLength === 0) return;
  const { buffer } = message;
  if (message.byteLength === buffer.byteLength && !isPinned(buffer)) native.releaseMemory(message);
}
