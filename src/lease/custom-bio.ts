import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import type { NativeService } from '../native.js';
import { type BioOptions, type ResolvedBio, readBio } from '../options/bio.js';
import { group, needed, parseWith, reader } from '../options/schema.js';
import { importUserModule } from '../options/user-module.js';
import { bioScope } from './bio-scope.js';

/**
 * What a function of a BIO answers where nothing can be moved now: call again later. Say so only
 * after what lies below has said it, or after bytes were read that do not make a whole yet.
 */
export const RETRY: unique symbol = Symbol.for('lws-pool.retry');
export type Retry = typeof RETRY;

/** One connection's place in the chain, as the functions of its BIO see it. */
export interface BioLink {
  /** The BIO's own: whatever it keeps of this connection. */
  state: unknown;
  /**
   * Reads from what lies below, the socket or another BIO: how many bytes, RETRY, or 0 where the peer
   * has ended. Throws where the connection is lost: let it pass.
   */
  read(into: Uint8Array): number | Retry;
  /** Writes to what lies below: how many bytes it took, or RETRY. */
  write(bytes: Uint8Array): number | Retry;
}

/**
 * A BIO of your own. Its functions run on the worker's thread in the middle of a read or a write of
 * OpenSSL's, under the connection's lock: they are never asynchronous, and may not lease. What they
 * send on connections leaves afterwards. What they throw ends their connection with ERR_BIO, and
 * touches no other.
 */
export interface Bio {
  /** Before the first byte. */
  open?(link: BioLink): void;
  /**
   * OpenSSL wants to read: fill `into` from its beginning. Default: what lies below.
   *
   * @returns how many bytes, RETRY, or 0 where nothing more will come
   */
  read?(link: BioLink, into: Buffer): number | Retry;
  /**
   * OpenSSL writes. Default: what lies below.
   *
   * @returns how many of the bytes were taken, at least 1, or RETRY; the rest comes again
   */
  write?(link: BioLink, bytes: Buffer): number | Retry;
  /** `flush`: send on what `write` has kept; RETRY where it does not go now (BIO_flush(3)). */
  ctrl?(link: BioLink, command: 'flush'): undefined | Retry;
  /** After the last byte. */
  close?(link: BioLink): void;
}

const BIO = Symbol.for('lws-pool.bio');

/** A module's default export, as `{ type: 'custom', module }` names it; or an argument of pushBio(). */
export interface BioDefinition {
  readonly [BIO]: Bio;
}

/**
 * Declares a BIO.
 *
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
