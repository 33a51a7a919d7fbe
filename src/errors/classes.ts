import { FlightRecord } from '../flight/record.js';
import type { ErrorDetails, HeaderFields } from './details.js';
import {
  type CertificateErrorCode,
  ERRORS,
  type ErrorCode,
  isCertificateErrorCode,
  isUpgradeErrorCode,
  type UpgradeErrorCode,
} from './table.js';

/**
 * Every method of this library throws or rejects with this. `code` is stable and tells failures
 * apart; `details` has the facts of the message. `cause`, where there is one, is the underlying
 * error: an exception of your own code, the reason of an AbortSignal, or an `AggregateError` with
 * one error per address that was tried.
 */
export class LwsPoolError extends Error {
  /** The stable code of the failure: docs/errors.md has a line for each. */
  readonly code: ErrorCode;
  /** The facts of the failure; those that are unknown or do not apply are absent. */
  readonly details: ErrorDetails;
  /**
   * What happened on the connection up to its failure, at most the last 1,024 events; undefined where
   * the pool has no `flightRecorder`, or the failure is not that of one connection. Not enumerable.
   */
  declare readonly flightRecord: FlightRecord | undefined;

  /** @hidden Made by the library alone. */
  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    const facts = presentFacts(details, options?.cause);
    super(ERRORS[code].message(facts), options);
    this.code = code;
    this.details = facts;
  }
}

/** The server refused the WebSocket upgrade, or answered it wrongly. */
export class UpgradeError extends LwsPoolError {
  /** The stable code of the failure. */
  declare readonly code: UpgradeErrorCode;

  /** HTTP status, 0 where the answer had none that could be read. */
  get status(): number {
    return this.details.status ?? 0;
  }

  /** HTTP reason phrase; `''` where the answer had none. */
  get statusText(): string {
    return this.details.statusText ?? '';
  }

  /** Header fields of the answer, by lower-case name. */
  get headers(): HeaderFields {
    return this.details.headers ?? {};
  }

  /** The first KiB of the answer's body, decoded as UTF-8. */
  get body(): string {
    return this.details.body ?? '';
  }
}

/** The peer's certificate was refused. A field is undefined where the certificate has none. */
export class CertificateError extends LwsPoolError {
  /** The stable code of the failure. */
  declare readonly code: CertificateErrorCode;

  /** Subject of the certificate. */
  get subject(): string | undefined {
    return this.details.subject;
  }

  /** Issuer of the certificate. */
  get issuer(): string | undefined {
    return this.details.issuer;
  }

  /** Beginning of its validity. */
  get validFrom(): Date | undefined {
    return this.details.validFrom;
  }

  /** End of its validity. */
  get validTo(): Date | undefined {
    return this.details.validTo;
  }

  /** Subject alternative names in OpenSSL's notation: `DNS:example.com`. */
  get altNames(): readonly string[] {
    return this.details.altNames ?? [];
  }

  /** Why it was refused, in OpenSSL's words (X509_verify_cert_error_string(3)). */
  get reason(): string | undefined {
    return this.details.reason;
  }
}

/** The class that carries a code. */
export type ErrorOf<Code extends ErrorCode> = [Code] extends [CertificateErrorCode]
  ? CertificateError
  : [Code] extends [UpgradeErrorCode]
    ? UpgradeError
    : LwsPoolError;

/**
 * Makes the error for a code, of the class that belongs to it. Its stack begins at the caller.
 *
 * @param details the facts; `reason`, where absent, is taken from the cause's message
 */
export function createError<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): ErrorOf<Code> {
  const Class = isCertificateErrorCode(code)
    ? CertificateError
    : isUpgradeErrorCode(code)
      ? UpgradeError
      : LwsPoolError;
  const error = new Class(code, details, options);
  Error.captureStackTrace(error, createError);
  return error as ErrorOf<Code>;
}

/** Has the error carry what was recorded of its connection; the bytes are kept. */
export function withFlightRecord<E extends LwsPoolError>(
  error: E,
  bytes: Buffer,
  url: string | undefined,
): E {
  const value = new FlightRecord(bytes, { url, error: error.code });
  return Object.defineProperty(error, 'flightRecord', { value, configurable: true });
}

/** The details without absent ones, so that an inspected error shows only what is known. */
function presentFacts(details: ErrorDetails, cause: unknown): ErrorDetails {
  const facts = Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined),
  );
  if (facts.reason === undefined && cause instanceof Error && cause.message !== '') {
    facts.reason = cause.message;
  }
  return Object.freeze(facts);
}

// As the built-in errors have their names: on the prototype, not enumerable.
for (const Class of [LwsPoolError, UpgradeError, CertificateError]) {
  Object.defineProperty(Class.prototype, 'name', {
    value: Class.name,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
