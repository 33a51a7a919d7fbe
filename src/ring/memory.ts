import { isUint8Array } from 'node:util/types';
import { keepHere } from '../base/keep-here.js';
import { argumentError } from '../errors/argument-error.js';

/** IOV_MAX of Linux. */
const MOST_PARTS = 1024;
const LONGEST = 2 ** 31 - 1;

const pinned = new WeakSet<ArrayBufferLike>();

/** Whether a ring has used it, and may do so now. */
export const isPinned = (memory: ArrayBufferLike): boolean => pinned.has(memory);

/** A list of its own: whoever made the other one may take pieces out while the kernel uses them. */
export function memoryOf(argument: string, given: readonly Uint8Array[]): readonly Uint8Array[] {
  const parts = Array.isArray(given) ? [...given] : [];
  if (parts.length === 0 || parts.length > MOST_PARTS) {
    throw argumentError(argument, given, `an array of 1 to ${MOST_PARTS} Buffers or Uint8Arrays`);
  }
  for (const part of parts) {
    if (!isUint8Array(part) || part.length === 0 || part.length > LONGEST) {
      throw argumentError(argument, part, 'a Buffer or Uint8Array of at least 1 byte');
    }
    const memory = part.buffer;
    if (pinned.has(memory)) continue;
    if ((memory as { resizable?: boolean }).resizable === true) {
      throw argumentError(
        argument,
        'memory that can be resized',
        'a Buffer or Uint8Array of a fixed size',
      );
    }
    // The kernel writes to it: it must not become another's, who would free it.
    keepHere(memory);
    pinned.add(memory);
  }
  return parts;
}
