import { createError } from '../errors/errors.js';
import { descriptorShortage } from '../errors/shortage.js';
import { native } from '../native.js';

/** @throws LwsPoolError ERR_URING_UNAVAILABLE, ERR_TOO_MANY_FILES */
export function checkUring(): void {
  const reason = native.uringRefusal();
  if (reason === undefined) return;
  const errno = descriptorShortage(new Error(reason));
  if (errno === undefined) throw createError('ERR_URING_UNAVAILABLE', { reason });
  throw createError('ERR_TOO_MANY_FILES', { operation: 'make a ring of io_uring', errno });
}
