import type { ErrorEntry } from './details.js';
import { LEASE_ERRORS } from './lease.js';
import { CONNECTION_ERRORS, POOL_ERRORS } from './lifetime.js';
import { NETWORK_ERRORS } from './network.js';
import { RING_ERRORS } from './ring.js';
import { TARGET_ERRORS } from './target.js';
import { CERTIFICATE_ERRORS, TLS_ERRORS } from './tls.js';
import { UPGRADE_ERRORS } from './upgrade.js';
import { USAGE_ERRORS } from './usage.js';

const TABLE = {
  ...USAGE_ERRORS,
  ...NETWORK_ERRORS,
  ...CERTIFICATE_ERRORS,
  ...TLS_ERRORS,
  ...UPGRADE_ERRORS,
  ...CONNECTION_ERRORS,
  ...LEASE_ERRORS,
  ...RING_ERRORS,
  ...POOL_ERRORS,
  ...TARGET_ERRORS,
};

/** Stable code of a failure; docs/errors.md lists them. A released code keeps its meaning. */
export type ErrorCode = keyof typeof TABLE;

/** Codes of a `CertificateError`. */
export type CertificateErrorCode = keyof typeof CERTIFICATE_ERRORS;

/** Codes of an `UpgradeError`. */
export type UpgradeErrorCode = keyof typeof UPGRADE_ERRORS;

/** Every failure this library reports: its one-line summary and how its message is made. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorEntry>> = TABLE;

/** Whether the text is one of this library's codes. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}

export function isCertificateErrorCode(code: ErrorCode): code is CertificateErrorCode {
  return Object.hasOwn(CERTIFICATE_ERRORS, code);
}

export function isUpgradeErrorCode(code: ErrorCode): code is UpgradeErrorCode {
  return Object.hasOwn(UPGRADE_ERRORS, code);
}
