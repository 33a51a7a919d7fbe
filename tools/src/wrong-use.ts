import type { ErrorCode } from 'lws-pool';

const CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_INVALID_OPTION',
  'ERR_INVALID_ARGUMENT',
  'ERR_INVALID_URL',
  'ERR_INVALID_HEADER',
  'ERR_TLS_OPTION',
  'ERR_DEBUG_SOCKET',
]);

/** Whether a failure of the library is that of the command line, and not of a server. */
export function isWrongUse({ code }: { readonly code: ErrorCode }): boolean {
  return CODES.has(code);
}
