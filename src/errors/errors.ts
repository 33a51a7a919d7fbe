/** Everything that can go wrong: classes, codes, messages. docs/errors.md explains each code. */
export {
  CertificateError,
  createError,
  type ErrorOf,
  LwsPoolError,
  UpgradeError,
  withFlightRecord,
} from './classes.js';
export type { ErrorDetails, ErrorEntry, HeaderFields } from './details.js';
export {
  codeForErrno,
  errorFromNative,
  type NativeFields,
  parseHeaders,
} from './native.js';
export { fromPlain, type PlainError, toPlain } from './plain.js';
export {
  type CertificateErrorCode,
  ERRORS,
  type ErrorCode,
  isErrorCode,
  type UpgradeErrorCode,
} from './table.js';
