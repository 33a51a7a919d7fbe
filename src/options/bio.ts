import { randomInt } from 'node:crypto';
import { FILE_PATH, filePath } from '../base/file-path.js';
import { readHandler } from './readers.js';
import { Rejection, within } from './rejection.js';
import {
  fitting,
  group,
  integer,
  needed,
  probability,
  read,
  reader,
  type Schema,
} from './schema.js';

/** Counts bytes and calls both ways. Costs two additions per call. */
export interface CounterBio {
  /** Selects this BIO. */
  readonly type: 'counter';
}

/**
 * Keeps the latest TLS records: time, direction, type and length of each. Costs a look at the clock
 * for each call that ends a record, and 16 bytes for each record that is kept.
 */
export interface RecorderBio {
  /** Selects this BIO. */
  readonly type: 'recorder';
  /** Number of records to keep. Default: 1,024. */
  readonly records?: number | undefined;
}

/**
 * Writes the connection to a pcapng file, with its TLS secrets, so that Wireshark shows it decrypted:
 * guard the file like the keys of the connection. It has to be there from the first byte. Costs a
 * copy of what passes and a write to the file for each call, on the worker's thread.
 */
export interface CaptureBio {
  /** Selects this BIO. */
  readonly type: 'capture';
  /**
   * Path of the file, which must not exist; it is created with mode 0600. `{id}` stands for the id of
   * the connection, where there are several.
   */
  readonly file: string | URL;
  /** Largest size of the file; the capture stops there. Bytes; default: 64 MiB. */
  readonly limit?: number | undefined;
}

/**
 * Injects faults, for chaos tests. Each probability (0 to 1) applies to one call. Positions in the
 * stream are counted in bytes from 0, where the BIO was put in.
 */
export interface FaultBio {
  /** Selects this BIO. */
  readonly type: 'fault';
  /** Seed of the random numbers. Default: a random one, found in `lease.tls.bios`. */
  readonly seed?: number | undefined;
  /** Probability that a read asks for fewer bytes than it could. */
  readonly shortReads?: number | undefined;
  /** Probability that a write takes only a part. */
  readonly shortWrites?: number | undefined;
  /** Probability that a call has to be repeated. */
  readonly retries?: number | undefined;
  /** Probability that nothing passes for `delay` milliseconds after a call. */
  readonly delays?: number | undefined;
  /** How long nothing passes after a delay. Milliseconds; default: 10. */
  readonly delay?: number | undefined;
  /** Position of the incoming byte to change. Default: none. */
  readonly corruptRead?: number | undefined;
  /** Position of the outgoing byte to change. Default: none. */
  readonly corruptWrite?: number | undefined;
  /** Bytes, both directions together, after which the connection is reset (ECONNRESET). */
  readonly resetAfter?: number | undefined;
}

/**
 * Gathers the records that the worker writes in one turn into one call of the kernel. Costs a copy
 * of what is sent.
 */
export interface CoalesceBio {
  /** Selects this BIO. */
  readonly type: 'coalesce';
  /** Most bytes gathered into one write. Bytes; default: 64 KiB. */
  readonly limit?: number | undefined;
}

/** A BIO of your own: a module whose default export comes from `defineBio()`. */
export interface CustomBio {
  /** Selects this BIO. */
  readonly type: 'custom';
  /** A `file:` URL or an absolute path. */
  readonly module: string | URL;
}

/** A BIO to put between OpenSSL and the socket of a connection; see docs/integrations.md. */
export type BioOptions = CounterBio | RecorderBio | CaptureBio | FaultBio | CoalesceBio | CustomBio;

/** Complete, as native code reads them (native/bindings/bio_object.cc). */
export type ResolvedBio = { readonly type: BioOptions['type'] } & Readonly<Record<string, unknown>>;

/** Chains longer than this are a mistake. */
const LONGEST = 16;
const PLACE = Number.MAX_SAFE_INTEGER;

const bytes = (min: number, max: number) => integer(min, max, ' (bytes)');
const place = bytes(0, PLACE);
/** By which the kind was found. */
const type = fitting<string>('the name of a BIO', () => true);

interface Kind {
  readonly schema: Schema<object>;
  /** What is not given. */
  readonly defaults?: () => object;
}

const KINDS: Readonly<Record<BioOptions['type'], Kind>> = {
  counter: { schema: group({ type }) },
  recorder: {
    schema: group({ type, records: integer(1, 65_536) }),
    defaults: () => ({ records: 1024 }),
  },
  capture: {
    schema: group({ type, file: needed(reader(readFile)), limit: bytes(1024, PLACE) }),
    defaults: () => ({ limit: 64 * 1024 * 1024 }),
  },
  fault: {
    schema: group({
      type,
      seed: integer(0, PLACE),
      shortReads: probability,
      shortWrites: probability,
      retries: probability,
      delays: probability,
      delay: integer(1, 60_000, ' (milliseconds)'),
      corruptRead: place,
      corruptWrite: place,
      resetAfter: place,
    }),
    defaults: () => ({ seed: randomInt(2 ** 48 - 1), delay: 10 }),
  },
  coalesce: {
    schema: group({ type, limit: bytes(1, 16 * 1024 * 1024) }),
    defaults: () => ({ limit: 64 * 1024 }),
  },
  custom: { schema: group({ type, module: needed(reader(readHandler)) }) },
};

function readFile(value: unknown): string {
  const path = filePath(value);
  if (path === undefined) throw new Rejection(FILE_PATH);
  return path;
}

const TYPES = Object.keys(KINDS)
  .map((name) => `"${name}"`)
  .join(', ');

/** The option `tls.bio`: one or several, from the socket upwards. */
export function readBios(input: unknown): readonly ResolvedBio[] {
  if (!Array.isArray(input)) return [readBio(input)];
  if (input.length > LONGEST) throw new Rejection(`at most ${LONGEST} BIOs`);
  return input.map((bio, index) => within(index, () => readBio(bio)));
}

/** A single one of them. */
export function readBio(input: unknown): ResolvedBio {
  if (typeof input !== 'object' || input === null) {
    throw new Rejection('an object such as { type: "counter" }, or a list of them');
  }
  const { type: name } = input as { type?: unknown };
  if (typeof name !== 'string' || !Object.hasOwn(KINDS, name)) {
    throw new Rejection(TYPES, ['type']);
  }
  const { schema, defaults } = KINDS[name as BioOptions['type']];
  const given = Object.entries(read(schema, input)).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...defaults?.(), ...Object.fromEntries(given) }) as ResolvedBio;
}
