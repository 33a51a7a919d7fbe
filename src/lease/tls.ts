import { X509Certificate } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import type { BioFigures } from '../base/bio-figures.js';
import { describe } from '../base/describe.js';
import { createError } from '../errors/errors.js';
import type { NativeTlsFacts } from '../native.js';
import type { BioOptions } from '../options/bio.js';
import { flag, group, parseWith } from '../options/schema.js';
import { type BioDefinition, parseBio } from './custom-bio.js';
import { MemoryBio } from './memory-bio.js';
import type { TlsAccess } from './tls-access.js';

/** Lengths in RFC 8446 section 7.1 and RFC 5705 section 4 are 16 bits wide. */
const LONGEST = 65_535;
const X509_V_OK = 0;
const LATER =
  'If that passes, read or write on and call again; docs/integrations.md tells what BIOs need.';

export interface UpdateKeysOptions {
  /** Asks the peer to change the keys it sends with as well. */
  readonly requestPeer?: boolean | undefined;
}

const updateKeysCheck = group({ requestPeer: flag });

/**
 * The TLS of a leased connection, as OpenSSL has it. Everything throws the lease's error once the
 * lease is over. What moves bytes or changes the connection needs an exclusive lease.
 */
export class LeaseTls {
  readonly #access: TlsAccess;
  readonly #exclusive: boolean;
  #facts: NativeTlsFacts | undefined;
  #certificates: readonly X509Certificate[] | undefined;

  /** @internal */
  constructor(access: TlsAccess, exclusive: boolean) {
    this.#access = access;
    this.#exclusive = exclusive;
  }

  /** `TLSv1.2` or `TLSv1.3`. */
  get protocol(): string {
    return this.#held().protocol;
  }

  /** The cipher suite, as OpenSSL names it and as IANA does. */
  get cipher(): { name: string; standardName: string } {
    const { cipher, cipherStandard } = this.#held();
    return { name: cipher, standardName: cipherStandard };
  }

  /**
   * The group of the key exchange, as OpenSSL names it: `x25519`, `secp256r1`
   * (SSL_get_negotiated_group(3)). Undefined for TLS 1.2 without one, as with RSA.
   */
  get group(): string | undefined {
    return this.#held().group;
  }

  /** The protocol that was agreed on by ALPN. */
  get alpn(): string | undefined {
    return this.#held().alpn;
  }

  /** The name that was sent to the server (SNI). */
  get servername(): string | undefined {
    return this.#held().servername;
  }

  get peerCertificate(): X509Certificate | undefined {
    return this.peerCertificates[0];
  }

  /**
   * The chain as the peer sent it, its own certificate first. After a session that was resumed
   * from an export there is its own alone.
   */
  get peerCertificates(): readonly X509Certificate[] {
    const { chain } = this.#held();
    this.#certificates ??= Object.freeze(chain.map((der) => new X509Certificate(der)));
    return this.#certificates;
  }

  /** What verification came to: 0, or OpenSSL's number of an error that was to be overlooked. */
  get verifyResult(): number {
    return this.#held().verifyResult;
  }

  /** What that number means; undefined where the certificate was found good. */
  get verifyError(): string | undefined {
    const { verifyResult, verifyText } = this.#held();
    return verifyResult === X509_V_OK ? undefined : verifyText;
  }

  /**
   * The session, fit for the option `session` of `node:tls`. Undefined while it cannot be resumed:
   * in TLS 1.3 until a ticket of the server has been read. It holds secrets: keep it like a key.
   */
  get session(): Buffer | undefined {
    return this.#access.session();
  }

  get sessionReused(): boolean {
    return this.#held().sessionReused;
  }

  /** The verify_data of the Finished message that was sent: what `tls-unique` is in TLS 1.2. */
  get finished(): Buffer | undefined {
    return this.#held().finished;
  }

  /** The same of the one that was received. */
  get peerFinished(): Buffer | undefined {
    return this.#held().peerFinished;
  }

  /** The OCSP response that the server stapled to its certificate, as DER. */
  get ocspResponse(): Buffer | undefined {
    return this.#held().ocspResponse;
  }

  /** Bytes that OpenSSL has decrypted and nobody has read. */
  get pending(): number {
    return this.#access.pending();
  }

  /**
   * Secret bytes that both ends can compute and nobody else (RFC 5705, RFC 8446 section 7.5). In
   * TLS 1.2 an empty context is another one than none.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT; ERR_TLS_OPERATION where OpenSSL refuses: TLS 1.3
   *   gives 255 hashes at most (8,160 bytes with SHA-256) and takes labels up to 249 bytes
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    const operation = 'exportKeyingMaterial()';
    this.#access.check();
    if (!Number.isInteger(length) || length < 1 || length > LONGEST) {
      throw wrong('length', length, `a whole number from 1 to ${LONGEST}`);
    }
    if (typeof label !== 'string' || label === '') {
      throw wrong('label', label, 'a string that is not empty');
    }
    if (context !== undefined && (!isUint8Array(context) || context.length > LONGEST)) {
      throw wrong('context', context, `a Buffer or Uint8Array of at most ${LONGEST} bytes`);
    }
    const material = this.#access.exportKeyingMaterial(length, label, context);
    if (typeof material === 'string') throw refused(operation, material);
    return material;
  }

  /**
   * Exclusive: reads decrypted bytes that can be had without waiting.
   *
   * @returns how many; -1: nothing now; 0: the peer will send nothing more (close_notify)
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_ARGUMENT
   */
  read(into: Uint8Array): number {
    this.#needsExclusive('read()');
    if (!isUint8Array(into) || into.length === 0) {
      throw wrong('into', into, 'a Buffer or Uint8Array of at least 1 byte');
    }
    return this.#access.read(into);
  }

  /**
   * Exclusive: encrypts and sends what can be sent without waiting.
   *
   * @returns how many bytes were taken. 0: the kernel takes none now, and part of a record waits:
   *   the same bytes have to be written again, with or without others behind them, before
   *   anything else can be sent
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_ARGUMENT
   */
  write(bytes: Uint8Array): number {
    this.#needsExclusive('write()');
    if (!isUint8Array(bytes)) throw wrong('bytes', bytes, 'a Buffer or Uint8Array');
    return bytes.length === 0 ? 0 : this.#access.write(bytes);
  }

  /**
   * Exclusive, TLS 1.3: changes the keys for what is sent from now on (RFC 8446 section 4.6.3).
   *
   * @returns true: the message that says so has left. False: the kernel takes nothing now; finish
   *   a `write()` that answered 0, then call again
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_OPTION, ERR_TLS_OPERATION
   */
  updateKeys(options: UpdateKeysOptions = {}): boolean {
    const operation = 'updateKeys()';
    this.#needsExclusive(operation);
    const { requestPeer = false } = parseWith(updateKeysCheck, options);
    if (this.#held().protocol !== 'TLSv1.3') {
      throw createError('ERR_TLS_OPERATION', {
        operation,
        reason: `${this.#held().protocol} has no key update`,
        hint: 'Connect with "tls.minVersion" set to "TLSv1.3" where keys have to change.',
      });
    }
    return answered(operation, this.#access.updateKeys(requestPeer));
  }

  /**
   * Exclusive: tells the peer that nothing more will be sent (close_notify). What it sends can
   * still be read, up to its own close_notify.
   *
   * @returns true: it has left, now or before. False: as with `updateKeys()`
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_TLS_OPERATION
   */
  shutdown(): boolean {
    this.#needsExclusive('shutdown()');
    return answered('shutdown()', this.#access.shutdown());
  }

  /**
   * There is none: TLS 1.3 has done away with it, and in TLS 1.2 it is switched off.
   *
   * @throws LwsPoolError ERR_TLS_OPERATION, always
   */
  renegotiate(): never {
    this.#access.check();
    throw createError('ERR_TLS_OPERATION', {
      operation: 'renegotiate()',
      reason: 'TLS 1.3 has no renegotiation, and in TLS 1.2 it is switched off',
      hint: 'Use updateKeys() for new keys in TLS 1.3; open a new connection for anything else.',
    });
  }

  /**
   * What the BIOs between OpenSSL and the socket have counted, from the socket upwards.
   *
   * @throws LwsPoolError the lease's
   */
  get bios(): readonly BioFigures[] {
    return this.#access.bios();
  }

  /** The figures of the topmost BIO of that type; undefined where there is none. */
  bio<Type extends BioFigures['type']>(
    type: Type,
  ): Extract<BioFigures, { readonly type: Type }> | undefined {
    return this.bios.findLast((bio) => bio.type === type) as never;
  }

  /**
   * Exclusive: puts a BIO between OpenSSL and those that are there (BIO_push(3)). It stays after the
   * lease, until `popBio()` or the connection's end. Only the socket's own lies beneath all of them.
   *
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_OPTION; ERR_TLS_OPERATION where OpenSSL stands in
   *   the middle of something: a write that has to be finished, or for a recorder a record that has
   *   come in half
   */
  pushBio(bio: BioOptions | BioDefinition | MemoryBio): void {
    const operation = 'pushBio()';
    this.#needsExclusive(operation);
    const pushed = this.#access.pushBio(bio instanceof MemoryBio ? bio.native : parseBio(bio));
    if (pushed !== true) throw refused(operation, pushed, LATER);
  }

  /**
   * Exclusive: takes the topmost BIO away (BIO_pop(3)), after it has sent what it keeps.
   *
   * @returns its last figures
   * @throws LwsPoolError ERR_LEASE_MODE; ERR_TLS_OPERATION where there is none, or it holds bytes that
   *   the kernel does not take now
   */
  popBio(): BioFigures {
    const operation = 'popBio()';
    this.#needsExclusive(operation);
    const popped = this.#access.popBio();
    if (typeof popped === 'string') throw refused(operation, popped, LATER);
    return popped;
  }

  /** The facts, once it is sure that the lease is still held. */
  #held(): NativeTlsFacts {
    if (this.#facts === undefined) this.#facts = this.#access.facts();
    else this.#access.check();
    return this.#facts;
  }

  #needsExclusive(operation: string): void {
    this.#access.check();
    if (!this.#exclusive) throw createError('ERR_LEASE_MODE', { operation, mode: 'shared' });
  }
}

function wrong(argument: string, got: unknown, takes: string) {
  return createError('ERR_INVALID_ARGUMENT', { argument, got: describe(got), takes });
}

function refused(operation: string, reason: string, hint?: string) {
  return createError('ERR_TLS_OPERATION', { operation, reason, ...(hint && { hint }) });
}

function answered(operation: string, answer: boolean | string): boolean {
  if (typeof answer === 'string') throw refused(operation, answer);
  return answer;
}
