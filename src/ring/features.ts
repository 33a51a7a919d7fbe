import { readFileSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { createError, type LwsPoolError } from '../errors/errors.js';
import { native } from '../native.js';

/** Features of io_uring on this system, from {@link Ring.features}. */
export interface RingFeatures {
  /** Whether a ring can be made. */
  readonly available: boolean;
  /** Why no ring can be made; undefined if one can. */
  readonly reason: string | undefined;
  /** Names of io_uring_setup(2), without `IORING_FEAT_`: `NODROP`, `FAST_POLL`. */
  readonly features: readonly string[];
  /** Operations of io_uring_enter(2) that liburing knows, without `IORING_OP_`: `RECV`, `SEND_ZC`. */
  readonly opcodes: readonly string[];
  /** Whether `recvMultishot()` works (Linux 6.0). */
  readonly recvMultishot: boolean;
  /** Whether `sendZeroCopy()` works (Linux 6.0). */
  readonly sendZeroCopy: boolean;
}

let known: RingFeatures | undefined;

/**
 * Asked once where there is one; a system that forbids it may allow it later.
 *
 * @throws LwsPoolError ERR_TOO_MANY_FILES: it cannot be known, as asking takes a descriptor
 */
export function ringFeatures(): RingFeatures {
  if (known !== undefined) return known;
  const { errno, features, opcodes } = native.Ring.features();
  const short = errno === 0 ? undefined : shortage(errno);
  if (short !== undefined) throw short;
  // Both came with the same kernel, and the second has no name of its own to ask for.
  const six = opcodes.includes('SEND_ZC');
  const found: RingFeatures = Object.freeze({
    available: errno === 0,
    reason: errno === 0 ? undefined : reasonOf(errno),
    features: Object.freeze(features),
    opcodes: Object.freeze(opcodes),
    recvMultishot: six,
    sendZeroCopy: six,
  });
  if (found.available) known = found;
  return found;
}

export function unavailable(errno: number): LwsPoolError {
  const details = { errno: nameOf(errno), reason: reasonOf(errno) };
  return shortage(errno) ?? createError('ERR_URING_UNAVAILABLE', details);
}

/** That passes, and nothing forbids rings here. */
function shortage(errno: number): LwsPoolError | undefined {
  const name = nameOf(errno);
  if (name !== 'EMFILE' && name !== 'ENFILE') return undefined;
  return createError('ERR_TOO_MANY_FILES', { operation: 'make a ring of io_uring', errno: name });
}

/** @throws LwsPoolError ERR_URING_UNAVAILABLE, ERR_TOO_MANY_FILES */
export function requireFeature(feature: 'recvMultishot' | 'sendZeroCopy'): void {
  if (ringFeatures()[feature]) return;
  const details = { operation: `${feature}()`, reason: 'it needs Linux 6.0' };
  throw createError('ERR_URING_UNAVAILABLE', details);
}

function nameOf(errno: number): string {
  return getSystemErrorName(-errno);
}

function reasonOf(errno: number): string {
  const name = nameOf(errno);
  if (name === 'ENOSYS') return 'ENOSYS: the kernel has none, or a seccomp filter says so';
  if (name !== 'EPERM') return `${name}: io_uring_setup failed`;
  const disabled = sysctl();
  return disabled === undefined || disabled === '0'
    ? 'EPERM: it is forbidden, as by the seccomp filter of a container'
    : `EPERM: the sysctl kernel.io_uring_disabled is ${disabled}`;
}

function sysctl(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/io_uring_disabled', 'utf8').trim();
  } catch {
    return undefined;
  }
}
