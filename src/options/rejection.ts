import { describe } from '../base/describe.js';
import { createError, LwsPoolError } from '../errors/errors.js';

/** How a reader says no: what the option takes, and which part of it is at fault. */
export class Rejection {
  constructor(
    /** What would have been taken; for ERR_INVALID_HEADER, what is wrong. */
    readonly takes: string,
    readonly path: readonly PropertyKey[] = [],
    readonly extra: {
      readonly hint?: string;
      readonly header?: string;
      /** There is no such option. */
      readonly unknown?: boolean;
    } = {},
  ) {}

  /**
   * What the user is told: ERR_INVALID_OPTION or, for characters that would forge a request,
   * ERR_INVALID_HEADER.
   *
   * @param prefix where these options stand in what the user wrote: `tls.`
   */
  error(input: unknown, prefix = ''): LwsPoolError {
    const { takes, path, extra } = this;
    const option = prefix + pathText(path) || 'options';
    const { hint, header } = extra;
    if (extra.unknown) return createError('ERR_INVALID_OPTION', { option, hint });
    if (header !== undefined) {
      return createError('ERR_INVALID_HEADER', { option, part: header, reason: takes });
    }
    const got = describe(valueAt(input, path), path);
    return createError('ERR_INVALID_OPTION', { option, got, takes, hint });
  }
}

/** In place of a value: what was given is the user's own code, and threw. */
export const EXCEPTION = 'an exception from it';

/** What options throw while they are read: they may have getters, or be a proxy. */
export function unreadable(cause: unknown): LwsPoolError {
  if (cause instanceof LwsPoolError) return cause;
  const details = { option: 'options', got: EXCEPTION, takes: 'an object of options' };
  return createError('ERR_INVALID_OPTION', details, { cause });
}

/** `tls.key[0].passphrase`, `headers["x y"]`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$]+$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (value === null || typeof value !== 'object') return value;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** What is at fault there is at fault in this part of what is given. */
export function within<Value>(part: PropertyKey, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    throw new Rejection(error.takes, [part, ...error.path], error.extra);
  }
}
