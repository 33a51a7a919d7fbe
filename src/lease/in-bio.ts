import { createError } from '../errors/errors.js';
import { bioScope } from './bio-scope.js';

/**
 * A function of a BIO runs under the lock of its connection: what takes a lock would wait for itself.
 *
 * @throws LwsPoolError ERR_BIO
 */
export function refuseInBio(): void {
  if (!bioScope.inside) return;
  throw createError('ERR_BIO', {
    reason: 'its functions can do nothing with leases; setImmediate() does it afterwards',
  });
}
