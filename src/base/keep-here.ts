import * as threads from 'node:worker_threads';

const CALLS = ['transfer', 'transferToFixedLength'].filter((call) => call in ArrayBuffer.prototype);

/** Node.js 21 and later. */
const isMarked = (threads as { isMarkedAsUntransferable?: (memory: ArrayBufferLike) => boolean })
  .isMarkedAsUntransferable;

/**
 * Memory that others use as well, other messages or the kernel: nobody may transfer it. Memory of
 * native code is marked already, and must not be once more: Node.js 24 and later then cannot give it
 * back when the thread ends, and abort the process. But to its own methods, those of Node.js 22 and
 * later, a mark says nothing, so they are told apart. `ArrayBuffer.prototype.transfer.call(memory)` is
 * left.
 */
export function keepHere(memory: ArrayBufferLike): void {
  if (!isMarked?.(memory)) threads.markAsUntransferable(memory);
  for (const call of CALLS) Reflect.defineProperty(memory, call, { value: refuse });
}

function refuse(): never {
  throw new TypeError(
    'This memory is shared with others and cannot be transferred: transfer a copy, for a Buffer Uint8Array.from(buffer).buffer.',
  );
}
