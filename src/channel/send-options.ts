import { describe } from '../base/describe.js';
import { nearest } from '../base/suggest.js';
import { createError, type LwsPoolError } from '../errors/errors.js';

/** Options of `send()` and `broadcast()`. */
export interface SendOptions {
  /** Sends bytes as a text message (false) or a string as a binary one (true). */
  readonly binary?: boolean | undefined;
}

/** What other libraries take, and what is so here. */
const ELSEWHERE = new Map([
  ['fin', 'A message is sent whole, in one frame.'],
  ['mask', 'What a client sends is always masked.'],
  ['compress', 'Messages are not compressed.'],
]);

/**
 * Whether a message is a binary one. `for in` is what makes the check cheap enough for each message:
 * V8 keeps the names for each shape of object.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_ARGUMENT
 */
export function binaryOf(data: unknown, options: SendOptions | undefined): boolean {
  if (options === undefined) return typeof data !== 'string';
  if (typeof options !== 'object' || options === null) throw noOptions(options);
  for (const name in options) if (name !== 'binary') throw unknownOption(name);
  const { binary = typeof data !== 'string' } = options;
  if (typeof binary !== 'boolean') throw wrongBinary(binary);
  return binary;
}

function unknownOption(option: string): LwsPoolError {
  const near = nearest(option, ['binary']);
  const hint =
    ELSEWHERE.get(option) ?? (near === undefined ? 'Known is: binary.' : `Did you mean "${near}"?`);
  return createError('ERR_INVALID_OPTION', { option, hint });
}

function wrongBinary(given: unknown): LwsPoolError {
  return createError('ERR_INVALID_OPTION', {
    option: 'binary',
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
