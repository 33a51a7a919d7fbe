import { isUint8Array } from 'node:util/types';
import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import { madeBy } from '../errors/made-by.js';
import { type NativeMemoryBio, native } from '../native.js';
import { group, integer, parseWith } from '../options/schema.js';

export interface MemoryBioOptions {
  /** Bytes that are kept each way at the most. Default: 1 MiB. */
  readonly limit?: number | undefined;
}

const LEAST = 1024;
const MOST = 256 * 1024 * 1024;
const ALL = 0xffff_ffff;
const check = group({
  limit: integer(LEAST, MOST, ' (bytes)'),
});

/**
 * Stands in the place of the socket while an exclusive lease lasts: what OpenSSL is to read is fed
 * here, and what it writes is taken here, to be moved by means of your own. `lease.tls.pushBio()` puts
 * it there; `popBio()` has to take it away before the lease is given back, with nothing left in it.
 */
export class MemoryBio {
  /** @internal */
  readonly native: NativeMemoryBio;

  /** @internal */
  static make(limit: number): MemoryBio {
    return new MemoryBio(limit);
  }

  private constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < LEAST || limit > MOST) {
      throw madeBy('MemoryBio', 'limit', limit, 'createMemoryBio({ limit })');
    }
    this.native = new native.MemoryBio(limit);
  }

  /** Bytes that were fed and that OpenSSL has not read. */
  get unread(): number {
    return this.native.pending()[0];
  }

  /** Bytes that OpenSSL has written and nobody has taken. */
  get untaken(): number {
    return this.native.pending()[1];
  }

  /**
   * Bytes as they came from the peer: records of TLS, in order, cut anywhere. Copied.
   *
   * @returns how many there was room for
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  feed(bytes: Uint8Array): number {
    if (!isUint8Array(bytes)) throw wrong('bytes', bytes, 'a Buffer or Uint8Array');
    return this.native.feed(bytes);
  }

  /**
   * Bytes to be sent to the peer, as many as there are or as are wanted.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  take(most: number = ALL): Buffer {
    if (!Number.isInteger(most) || most < 1 || most > ALL) {
      throw wrong('most', most, 'a whole number of bytes, at least 1');
    }
    return this.native.take(most);
  }

  /** The peer will send nothing more: OpenSSL reads the end behind what was fed. */
  end(): void {
    this.native.end();
  }
}

/**
 * A BIO whose other end is yours, for TLS over any stream of bytes: a tunnel, a ring.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION
 */
export function createMemoryBio(options: MemoryBioOptions = {}): MemoryBio {
  return MemoryBio.make(parseWith(check, options).limit ?? 1024 * 1024);
}

function wrong(argument: string, got: unknown, takes: string) {
  return createError('ERR_INVALID_ARGUMENT', { argument, got: describe(got), takes });
}
