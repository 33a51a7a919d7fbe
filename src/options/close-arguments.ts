import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';

/** What a close frame holds; without a code it is empty, which the peer reads as 1005. */
export interface CloseArguments {
  readonly code: number | undefined;
  readonly reason: string;
}

/** A control frame carries 125 bytes (RFC 6455 section 5.5), two of them are the code. */
const REASON_BYTES = 123;

/**
 * Validates the arguments of `connection.close(code, reason)`. A reason alone goes with 1000.
 *
 * Codes: those an application may send by RFC 6455 section 7.4 and the IANA registry. Browsers
 * take 1000 and 3000 to 4999; servers and tools need the others. Never 1004, 1005, 1006 and 1015,
 * which may not stand in a frame.
 *
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function parseCloseArguments(code?: unknown, reason?: unknown): CloseArguments {
  if (code !== undefined && !isSendable(code)) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'code',
      got: describe(code),
      takes: 'a close code: 1000 to 1003, 1007 to 1014, 3000 to 4999',
    });
  }
  if (reason === undefined) return { code, reason: '' };
  const size = typeof reason === 'string' ? Buffer.byteLength(reason) : Number.NaN;
  if (typeof reason !== 'string' || size > REASON_BYTES) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'reason',
      got: typeof reason === 'string' ? `${size} bytes` : describe(reason),
      takes: `a string of at most ${REASON_BYTES} bytes in UTF-8`,
    });
  }
  return { code: code ?? (reason === '' ? undefined : 1000), reason };
}

function isSendable(code: unknown): code is number {
  return (
    typeof code === 'number' &&
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) ||
      (code >= 1007 && code <= 1014) ||
      (code >= 3000 && code <= 4999))
  );
}
