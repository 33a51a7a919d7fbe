import { createSecureContext } from 'node:tls';

/**
 * Options of `tls.connect()` with one context for all connections: given `ca` alone, Node.js makes
 * one for each, which takes most of the time and memory of opening them.
 *
 * @param {Buffer | undefined} ca
 */
export function tlsOptions(ca) {
  return ca === undefined ? {} : { secureContext: createSecureContext({ ca }) };
}
