import { isUint8Array } from 'node:util/types';
import { argumentError } from '../errors/argument-error.js';
import { madeBy } from '../errors/made-by.js';
import { type NativeMemoryBio, native } from '../native.js';
import { group, integer, parseWith } from '../options/schema.js';
import { MAKE } from './internal.js';

/** Options of {@link createMemoryBio}. */
export interface MemoryBioOptions {
  /** Most bytes kept in each direction, 1 KiB to 256 MiB. Default: 1 MiB. */
  readonly limit?: number | undefined;
}

const LEAST = 1024;
const MOST = 256 * 1024 * 1024;
const ALL = 0xffff_ffff;
const check = group({
  limit: integer(LEAST, MOST, ' (bytes)'),
});

/** @internal The native BIO of one of ours; undefined for anything else. */
export let nativeBioOf: (bio: unknown) => NativeMemoryBio | undefined;

/**
 * Replaces the socket beneath TLS during an exclusive lease: you feed the bytes that OpenSSL reads, and
 * take the bytes that it writes. Put it in with `lease.tls.pushBio()`. Before the lease ends, empty it
 * and take it away with `popBio()`.
 */
export class MemoryBio {
  static {
    nativeBioOf = (bio) =>
      typeof bio === 'object' && bio !== null && #native in bio ? bio.#native : undefined;
  }

  readonly #native: NativeMemoryBio;

  /** @internal */
  static [MAKE](limit: number): MemoryBio {
    return new MemoryBio(limit);
  }

  private constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < LEAST || limit > MOST) {
      throw madeBy('MemoryBio', 'limit', limit, 'createMemoryBio({ limit })');
    }
    this.#native = new native.MemoryBio(limit);
  }

  /** Number of fed bytes that OpenSSL has not read yet. */
  get unread(): number {
    return this.#native.pending()[0];
  }

  /** Number of bytes that OpenSSL has written and you have not taken yet. */
  get untaken(): number {
    return this.#native.pending()[1];
  }

  /**
   * Passes bytes of the peer to OpenSSL: TLS records in order, cut anywhere. They are copied.
   *
   * @returns how many bytes there was room for
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  feed(bytes: Uint8Array): number {
    if (!isUint8Array(bytes)) throw argumentError('bytes', bytes, 'a Buffer or Uint8Array');
    return this.#native.feed(bytes);
  }

  /**
   * Takes bytes to send to the peer.
   *
   * @param most most bytes to take; default: all
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  take(most: number = ALL): Buffer {
    if (!Number.isInteger(most) || most < 1 || most > ALL) {
      throw argumentError('most', most, 'a whole number of bytes, at least 1');
    }
    return this.#native.take(most);
  }

  /** Tells OpenSSL that the peer has ended, after the bytes fed so far. */
  end(): void {
    this.#native.end();
  }
}

/**
 * Creates a BIO between OpenSSL and your own code, for TLS over any stream of bytes: a tunnel, a ring.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION
 */
export function createMemoryBio(options: MemoryBioOptions = {}): MemoryBio {
  return MemoryBio[MAKE](parseWith(check, options).limit ?? 1024 * 1024);
}
