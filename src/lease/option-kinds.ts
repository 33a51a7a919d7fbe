/** SO_LINGER, socket(7). */
export interface Linger {
  /** Whether close(2) waits for, or gives up, what is not delivered. */
  readonly onoff: boolean;
  /** How long at most, seconds; 0 gives it up and resets the connection. */
  readonly linger: number;
}

/** One of the forms that option values have in memory, on a little-endian machine of 64 bits. */
export interface OptionKind<Value> {
  /** What the kernel gets to fill. */
  readonly bytes: number;
  /** What is taken, for a message. */
  readonly takes: string;
  /** The value in memory that is `bytes` long, of which `filled` were filled; the rest is 0. */
  decode(memory: DataView, filled: number): Value;
  /** Undefined: that is not such a value. */
  encode(value: unknown): Uint8Array | undefined;
}

const MAX_INT = 0x7fff_ffff;
const MAX_UINT = 0xffff_ffff;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

export const boolean: OptionKind<boolean> = {
  bytes: 4,
  takes: 'true or false',
  decode: (memory) => memory.getInt32(0, true) !== 0,
  encode: (value) => (typeof value === 'boolean' ? words(Number(value)) : undefined),
};

export const int: OptionKind<number> = {
  bytes: 4,
  takes: 'an integer of 32 bits',
  decode: (memory) => memory.getInt32(0, true),
  encode: (value) => (isInteger(value, -MAX_INT - 1, MAX_INT) ? words(value) : undefined),
};

export const uint32: OptionKind<number> = {
  bytes: 4,
  takes: `an integer from 0 to ${MAX_UINT}`,
  decode: (memory) => memory.getUint32(0, true),
  encode: (value) => (isInteger(value, 0, MAX_UINT) ? words(value) : undefined),
};

export const uint64: OptionKind<bigint> = {
  bytes: 8,
  takes: `a bigint from 0n to ${MAX_UINT64}n`,
  decode: (memory) => memory.getBigUint64(0, true),
  encode(value) {
    if (typeof value !== 'bigint' || value < 0n || value > MAX_UINT64) return undefined;
    return new Uint8Array(BigUint64Array.of(value).buffer);
  },
};

/** Names of devices (IFNAMSIZ), of congestion controls and of protocols above TCP. */
export const name: OptionKind<string> = {
  bytes: 16,
  takes: 'a string of at most 15 bytes',
  decode(memory, filled) {
    const text = Buffer.from(memory.buffer, memory.byteOffset, filled);
    const end = text.indexOf(0);
    return text.toString('utf8', 0, end === -1 ? filled : end);
  },
  encode(value) {
    if (typeof value !== 'string' || value.includes('\0')) return undefined;
    return Buffer.byteLength(value) < name.bytes ? Buffer.from(`${value}\0`) : undefined;
  },
};

export const linger: OptionKind<Linger> = {
  bytes: 8,
  takes: 'an object such as { onoff: true, linger: 5 }, with whole seconds',
  decode: (memory) => ({
    onoff: memory.getInt32(0, true) !== 0,
    linger: memory.getInt32(4, true),
  }),
  encode(value) {
    if (typeof value !== 'object' || value === null) return undefined;
    const { onoff, linger: seconds, ...unknown } = value as { [Key in keyof Linger]?: unknown };
    if (Object.keys(unknown).length > 0) return undefined;
    if (typeof onoff !== 'boolean' || !isInteger(seconds, 0, MAX_INT)) return undefined;
    return words(Number(onoff), seconds);
  },
};

/** A struct timeval, as milliseconds. */
export const milliseconds: OptionKind<number> = {
  bytes: 16,
  takes: 'milliseconds, 0 or more',
  decode: (memory) =>
    Number(memory.getBigInt64(0, true)) * 1000 + Number(memory.getBigInt64(8, true)) / 1000,
  encode(value) {
    if (typeof value !== 'number' || !(value >= 0)) return undefined;
    const micros = Math.round(value * 1000);
    if (!Number.isSafeInteger(micros)) return undefined;
    const seconds = Math.floor(micros / 1_000_000);
    const timeval = BigInt64Array.of(BigInt(seconds), BigInt(micros - seconds * 1_000_000));
    return new Uint8Array(timeval.buffer);
  },
};

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** The numbers as 32-bit words; signed and unsigned ones have the same bits. */
function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
