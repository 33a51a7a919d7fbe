/** Everything that can go wrong: classes, codes, messages. docs/errors.md explains each code. */
export {
  CertificateError,
  createError,
  type ErrorOf,
  LwsPoolError,
  UpgradeError,
  withFlightRecord,
} from './errors/classes.js';
export type { ErrorDetails, ErrorEntry, HeaderFields } from './errors/details.js';
export {
  codeForErrno,
  errorFromNative,
  type NativeFields,
  parseHeaders,
} from './errors/native.js';
export { fromPlain, type PlainError, toPlain } from './errors/plain.js';
export {
  type CertificateErrorCode,
  ERRORS,
  type ErrorCode,
  isErrorCode,
  type UpgradeErrorCode,
} from './errors/table.js';
