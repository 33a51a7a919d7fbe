import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import type { NativeService } from '../native.js';
import { type BioOptions, type ResolvedBio, readBio } from '../options/bio.js';
import { group, needed, parseWith, reader } from '../options/schema.js';
import { importUserModule } from '../options/user-module.js';
import { bioScope } from './bio-scope.js';

/**
 * Returned by a function of a BIO that can move no bytes now: it is called again later. Return it only
 * after the layer below has returned it, or after reading bytes that are not complete yet.
 */
export const RETRY: unique symbol = Symbol.for('lws-pool.retry');
/** The type of {@link RETRY}. */
export type Retry = typeof RETRY;

/** The layer below a BIO on one connection, passed to the functions of the BIO. */
export interface BioLink {
  /** Yours: lws-pool neither reads nor writes it. */
  state: unknown;
  /**
   * Reads from the layer below, the socket or another BIO. It throws if the connection is lost: do not
   * catch that.
   *
   * @returns how many bytes were read, RETRY, or 0 if the peer has ended
   */
  read(into: Uint8Array): number | Retry;
  /**
   * Writes to the layer below.
   *
   * @returns how many bytes it took, or RETRY
   */
  write(bytes: Uint8Array): number | Retry;
}

/**
 * A BIO of your own. Its functions run on the worker's thread within a read or write of OpenSSL, under
 * the lock of the connection: they must not be asynchronous, nor use leases. Messages they send on
 * connections leave afterwards. If one throws, its connection alone ends with ERR_BIO.
 */
export interface Bio {
  /** Called before the first byte. */
  open?(link: BioLink): void;
  /**
   * OpenSSL wants to read: fill `into` from its beginning. Default: reads from the layer below.
   *
   * @returns how many bytes, RETRY, or 0 if nothing more will come
   */
  read?(link: BioLink, into: Buffer): number | Retry;
  /**
   * OpenSSL writes. Default: writes to the layer below.
   *
   * @returns how many of the bytes were taken, at least 1, or RETRY; the rest is passed again
   */
  write?(link: BioLink, bytes: Buffer): number | Retry;
  /**
   * `flush`: write the bytes that `write` has kept (BIO_flush(3)).
   *
   * @returns RETRY if they cannot be written now
   */
  ctrl?(link: BioLink, command: 'flush'): undefined | Retry;
  /** Called after the last byte. */
  close?(link: BioLink): void;
}

const BIO = Symbol.for('lws-pool.bio');

/** Made by {@link defineBio}: the default export of a module, or an argument of `pushBio()`. */
export interface BioDefinition {
  /** The functions that were passed to `defineBio()`. */
  readonly [BIO]: Bio;
}

/**
 * Declares a BIO, as the default export of a module or for `pushBio()`.
 *
 * @param bio its functions
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function defineBio(bio: Bio): BioDefinition {
  const given: unknown = bio;
  if (typeof given !== 'object' || given === null) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'bio',
      got: describe(given),
      takes: 'an object of functions: read, write, ctrl, open, close',
    });
  }
  for (const name of ['open', 'read', 'write', 'ctrl', 'close'] as const) {
    const value: unknown = bio[name];
    if (value === undefined || typeof value === 'function') continue;
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: `bio.${name}`,
      got: describe(value),
      takes: 'a function',
    });
  }
  return Object.freeze({ [BIO]: bio });
}

const argument = group({ bio: needed(reader(readBio)) });

/**
 * The argument of `pushBio()`; a definition only in a worker.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION
 */
export function parseBio(bio: BioOptions | BioDefinition): ResolvedBio {
  const name = bioScope.nameOf?.(bio);
  if (name !== undefined) return { type: 'custom', module: name };
  return parseWith(argument, { bio }).bio;
}

/** What a module exports by default; undefined where it is no BIO. */
export function bioOf(exported: unknown): Bio | undefined {
  if (typeof exported !== 'object' || exported === null) return undefined;
  return (exported as Partial<BioDefinition>)[BIO];
}

/** As native/bindings/bio_host.h has them. */
const CALLS = ['open', 'read', 'write', 'flush', 'close', 'settle'] as const;
const RETRIED = -1;

interface Instance {
  readonly bio: Bio;
  readonly link: BioLink;
}

type NativeBios = Pick<NativeService, 'bioBytes' | 'bioFill' | 'bioBelow'>;

/** Calls the BIOs of one worker for native code. */
export class BioDispatcher {
  readonly #native: () => NativeBios;
  readonly #report: (thrown: unknown) => void;
  readonly #modules = new Map<string, Bio>();
  readonly #instances = new Map<number, Instance>();
  readonly #names = new WeakMap<Bio, string>();
  #last = 0;

  constructor(native: () => NativeBios, report: (thrown: unknown) => void) {
    this.#native = native;
    this.#report = report;
  }

  /** @throws whatever the import throws */
  async load(module: string): Promise<void> {
    if (this.#modules.has(module)) return;
    const { default: exported } = await importUserModule(module);
    const bio = bioOf(exported);
    if (bio === undefined) throw new TypeError('its default export does not come from defineBio()');
    this.#modules.set(module, bio);
  }

  /** The name by which native code asks for a BIO that was not loaded by its module. */
  nameOf(bio: Bio): string {
    let name = this.#names.get(bio);
    if (name === undefined) {
      name = `defined ${++this.#last}`;
      this.#names.set(bio, name);
      this.#modules.set(name, bio);
    }
    return name;
  }

  readonly dispatch = (call: number, id: number, size: number, module: string): number => {
    const name = CALLS[call];
    if (name === 'settle') return 0;
    if (name === 'close') {
      this.#close(id);
      return 0;
    }
    bioScope.depth++;
    try {
      if (name === 'open') return this.#open(id, module);
      const { bio, link } = this.#instances.get(id) as Instance;
      if (name === 'read') return this.#read(bio, link, size);
      if (name === 'write') return this.#write(bio, link);
      const flushed: unknown = bio.ctrl?.(link, 'flush');
      if (flushed === RETRY) return RETRIED;
      if (flushed !== undefined) throw wrong('ctrl', flushed, 'undefined or RETRY');
      return 0;
    } finally {
      bioScope.depth--;
    }
  };

  #open(id: number, module: string): number {
    const bio = this.#modules.get(module);
    if (bio === undefined) throw new Error(`the BIO ${module} is not loaded`);
    const move = (write: boolean, bytes: Uint8Array): number | Retry => {
      if (bytes.length === 0) throw new RangeError('read() and write() take at least one byte');
      const moved = this.#native().bioBelow(write, bytes);
      return moved === RETRIED ? RETRY : moved;
    };
    const link: BioLink = {
      state: undefined,
      read: (into) => move(false, into),
      write: (bytes) => move(true, bytes),
    };
    bio.open?.(link);
    this.#instances.set(id, { bio, link });
    return 0;
  }

  #read(bio: Bio, link: BioLink, size: number): number {
    const into = Buffer.allocUnsafeSlow(size);
    const count: unknown = bio.read === undefined ? link.read(into) : bio.read(link, into);
    if (count === RETRY) return RETRIED;
    if (!Number.isInteger(count) || (count as number) < 0 || (count as number) > size) {
      throw wrong('read', count, `a number of bytes from 1 to ${size}, RETRY, or 0 for the end`);
    }
    if (count !== 0) this.#native().bioFill(into.subarray(0, count as number));
    return count as number;
  }

  #write(bio: Bio, link: BioLink): number {
    const bytes = this.#native().bioBytes();
    const count: unknown = bio.write === undefined ? link.write(bytes) : bio.write(link, bytes);
    if (count === RETRY) return RETRIED;
    if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > bytes.length) {
      throw wrong('write', count, `a number of bytes from 1 to ${bytes.length}, or RETRY`);
    }
    return count as number;
  }

  #close(id: number): void {
    const instance = this.#instances.get(id);
    this.#instances.delete(id);
    try {
      instance?.bio.close?.(instance.link);
    } catch (thrown) {
      this.#report(thrown);
    }
  }
}

function wrong(name: string, got: unknown, takes: string): TypeError {
  const hint = got instanceof Promise ? ' It cannot be asynchronous.' : '';
  return new TypeError(`${name}() of a BIO answers ${takes}, not ${describe(got)}.${hint}`);
}
