import { isUint8Array } from 'node:util/types';
import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import { native } from '../native.js';
import { isPinned } from '../ring/memory.js';

/**
 * Gives back the memory of a message that nobody needs any more, now, instead of when it is
 * collected as garbage. It pays for many messages over 16 KiB: V8 counts their bytes as its own, and
 * collects after every few hundred, for a third of all CPU time.
 *
 * The message is empty from then on, for everybody who has it, and not to be used. Not to be called
 * while something asynchronous works on its bytes, such as `fs.write()`: the next message may already
 * lie in its memory. `connection.send()` has copied them when it returns. Messages up to 16 KiB share
 * memory with others and are left as they are, and so is any Buffer that is a part of another one, or
 * that a ring has used.
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
