import type { DuplexOptions } from 'node:stream';
import { fitting, flag, group, parseWith } from './schema.js';

/** Options of `connection.stream()`: those of `node:stream` by these names. */
export type StreamOptions = Pick<
  DuplexOptions,
  'objectMode' | 'readableObjectMode' | 'writableObjectMode' | 'encoding' | 'decodeStrings'
>;

const encoding = fitting<BufferEncoding>(
  'an encoding of Buffer, such as "utf8"',
  (value: unknown) => typeof value === 'string' && Buffer.isEncoding(value),
);

const schema = group({
  objectMode: flag,
  readableObjectMode: flag,
  writableObjectMode: flag,
  encoding,
  decodeStrings: flag,
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseStreamOptions(input: StreamOptions | undefined): StreamOptions {
  return input === undefined ? {} : parseWith(schema, input);
}
