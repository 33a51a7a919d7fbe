import { describe } from '../base/describe.js';
import { nearest } from '../base/suggest.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import { FLAG_BINARY, FLAG_PLAIN } from './record.js';

/** Options of `send()` and `broadcast()`. */
export interface SendOptions {
  /** Sends bytes as a text message (false) or a string as a binary one (true). */
  readonly binary?: boolean | undefined;
  /**
   * False sends this message uncompressed where the connection compresses others; see the option
   * `compression`. Default: true, for messages from its `threshold` on.
   */
  readonly compress?: boolean | undefined;
}

const KNOWN = ['binary', 'compress'];

/** What other libraries take, and what is so here. */
const ELSEWHERE = new Map([
  ['fin', 'A message is sent whole, in one frame; sendStream() sends one in fragments.'],
  ['mask', 'What a client sends is always masked.'],
]);

/**
 * The flags of the record of a message. `for in` is what makes the check cheap enough for each message:
 * V8 keeps the names for each shape of object.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_ARGUMENT
 */
export function sendFlags(data: unknown, options: SendOptions | undefined): number {
  if (options === undefined) return typeof data === 'string' ? 0 : FLAG_BINARY;
  if (typeof options !== 'object' || options === null) throw noOptions(options);
  for (const name in options) if (!KNOWN.includes(name)) throw unknownOption(name);
  const { binary = typeof data !== 'string', compress = true } = options;
  if (typeof binary !== 'boolean') throw wrong('binary', binary);
  if (typeof compress !== 'boolean') throw wrong('compress', compress);
  return (binary ? FLAG_BINARY : 0) | (compress ? 0 : FLAG_PLAIN);
}

function unknownOption(option: string): LwsPoolError {
  const near = nearest(option, KNOWN);
  const hint =
    ELSEWHERE.get(option) ??
    (near === undefined ? 'Known are: binary, compress.' : `Did you mean "${near}"?`);
  return createError('ERR_INVALID_OPTION', { option, hint });
}

function wrong(option: string, given: unknown): LwsPoolError {
  return createError('ERR_INVALID_OPTION', {
    option,
    got: describe(given),
    takes: 'true or false',
  });
}

function noOptions(options: unknown): LwsPoolError {
  return createError('ERR_INVALID_ARGUMENT', {
    argument: 'options',
    got: options === null ? 'null' : typeof options,
    takes: 'an object such as { binary: false }',
    hint: 'There is no callback: flushed() is a promise that the kernel has taken what was sent.',
  });
}
