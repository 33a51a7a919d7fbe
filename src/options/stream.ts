import type { DuplexOptions } from 'node:stream';
import { type Check, checked, flagCheck, optionsCheck } from './checks.js';
import { Rejection } from './rejection.js';

/** Options of `connection.stream()`: those of `node:stream` by these names. */
export type StreamOptions = Pick<
  DuplexOptions,
  'objectMode' | 'readableObjectMode' | 'writableObjectMode' | 'encoding' | 'decodeStrings'
>;

const encodingCheck: Check<BufferEncoding> = (value) => {
  if (typeof value === 'string' && Buffer.isEncoding(value)) return value;
  throw new Rejection('an encoding of Buffer, such as "utf8"');
};

const check = optionsCheck<StreamOptions>({
  objectMode: flagCheck,
  readableObjectMode: flagCheck,
  writableObjectMode: flagCheck,
  encoding: encodingCheck,
  decodeStrings: flagCheck,
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseStreamOptions(input: StreamOptions | undefined): StreamOptions {
  return input === undefined ? {} : checked(check, input);
}
