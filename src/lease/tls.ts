import { X509Certificate } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import type { BioFigures, NativeBio } from '../base/bio-figures.js';
import { argumentError } from '../errors/argument-error.js';
import { createError } from '../errors/errors.js';
import type { NativeTlsFacts } from '../native.js';
import type { BioOptions } from '../options/bio.js';
import { flag, group, parseWith } from '../options/schema.js';
import { figuresOf } from './bio.js';
import { type BioDefinition, parseBio } from './custom-bio.js';
import type { LeaseHandle } from './handle.js';
import { MAKE } from './internal.js';
import { type MemoryBio, nativeBioOf } from './memory-bio.js';

/** Lengths in RFC 8446 section 7.1 and RFC 5705 section 4 are 16 bits wide. */
const LONGEST = 65_535;
const X509_V_OK = 0;
const LATER =
  'If that passes, read or write on and call again; docs/integrations.md tells what BIOs need.';

/** Options of {@link LeaseTls.updateKeys}. */
export interface UpdateKeysOptions {
  /** Asks the peer to update its keys as well. Default: false. */
  readonly requestPeer?: boolean | undefined;
}

const updateKeysCheck = group({ requestPeer: flag });

/**
 * TLS of a leased connection, as OpenSSL has it: `lease.tls`. Every member throws the error of the
 * lease once it has ended. Moving bytes and changing the connection need an exclusive lease.
 */
export class LeaseTls {
  readonly #handle: LeaseHandle;
  #facts: NativeTlsFacts | undefined;
  #certificates: readonly X509Certificate[] | undefined;

  /** @internal */
  static [MAKE](handle: LeaseHandle): LeaseTls {
    return new LeaseTls(handle);
  }

  private constructor(handle: LeaseHandle) {
    this.#handle = handle;
  }

  /** Version of TLS: `TLSv1.2`, `TLSv1.3`. */
  get protocol(): string {
    return this.#held().protocol;
  }

  /** The cipher suite. */
  get cipher(): {
    /** Its name in OpenSSL. */
    name: string;
    /** Its name in the IANA registry. */
    standardName: string;
  } {
    const { cipher, cipherStandard } = this.#held();
    return { name: cipher, standardName: cipherStandard };
  }

  /**
   * Group of the key exchange, by its name in OpenSSL: `x25519`, `secp256r1`
   * (SSL_get_negotiated_group(3)). Undefined for TLS 1.2 without a group, as with RSA.
   */
  get group(): string | undefined {
    return this.#held().group;
  }

  /** Protocol agreed on by ALPN (RFC 7301); undefined for none. */
  get alpn(): string | undefined {
    return this.#held().alpn;
  }

  /** Server name sent to the server (SNI, RFC 6066 section 3); undefined for none. */
  get servername(): string | undefined {
    return this.#held().servername;
  }

  /** Certificate of the peer; undefined where it sent none. */
  get peerCertificate(): X509Certificate | undefined {
    return this.peerCertificates[0];
  }

  /**
   * Certificate chain as the peer sent it, its own certificate first. After a session resumed from an
   * export, only its own.
   */
  get peerCertificates(): readonly X509Certificate[] {
    const { chain } = this.#held();
    this.#certificates ??= Object.freeze(chain.map((der) => new X509Certificate(der)));
    return this.#certificates;
  }

  /** Result of the verification: 0, or the number of an error that was ignored (X509_V_ERR_...). */
  get verifyResult(): number {
    return this.#held().verifyResult;
  }

  /** Text of `verifyResult` (X509_verify_cert_error_string(3)); undefined for 0. */
  get verifyError(): string | undefined {
    const { verifyResult, verifyText } = this.#held();
    return verifyResult === X509_V_OK ? undefined : verifyText;
  }

  /**
   * The session, for the option `session` of `node:tls`. Undefined while it cannot be resumed: in
   * TLS 1.3, until a ticket of the server has been read. It holds secrets: guard it like a key.
   */
  get session(): Buffer | undefined {
    return this.#handle.call('SSL_get1_session', (native, ...name) => native.tlsSession(...name));
  }

  /** Whether the handshake resumed an earlier session. */
  get sessionReused(): boolean {
    return this.#held().sessionReused;
  }

  /** verify_data of the Finished message sent: `tls-unique` of TLS 1.2 (RFC 5929 section 3). */
  get finished(): Buffer | undefined {
    return this.#held().finished;
  }

  /** verify_data of the Finished message received. */
  get peerFinished(): Buffer | undefined {
    return this.#held().peerFinished;
  }

  /** OCSP response that the server stapled to its certificate, as DER; undefined for none. */
  get ocspResponse(): Buffer | undefined {
    return this.#held().ocspResponse;
  }

  /** Number of decrypted bytes that wait in OpenSSL (SSL_pending(3)). */
  get pending(): number {
    return this.#handle.call('SSL_pending', (native, ...name) => native.tlsPending(...name));
  }

  /**
   * Derives secret bytes that only the two ends can compute (RFC 5705, RFC 8446 section 7.5). In TLS
   * 1.2, an empty context and no context give different bytes.
   *
   * @param length how many bytes, 1 to 65,535
   * @throws LwsPoolError ERR_INVALID_ARGUMENT; ERR_TLS_OPERATION where OpenSSL refuses: TLS 1.3
   *   gives 255 hashes at most (8,160 bytes with SHA-256) and takes labels up to 249 bytes
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    const operation = 'exportKeyingMaterial()';
    this.#handle.check();
    if (!Number.isInteger(length) || length < 1 || length > LONGEST) {
      throw argumentError('length', length, `a whole number from 1 to ${LONGEST}`);
    }
    if (typeof label !== 'string' || label === '') {
      throw argumentError('label', label, 'a string that is not empty');
    }
    if (context !== undefined && (!isUint8Array(context) || context.length > LONGEST)) {
      throw argumentError('context', context, `a Buffer or Uint8Array of at most ${LONGEST} bytes`);
    }
    const material = Buffer.alloc(length);
    const exported = this.#handle.call<boolean | string>(
      'SSL_export_keying_material',
      (native, ...name) => native.exportKeyingMaterial(...name, material, label, context),
    );
    if (typeof exported === 'string') throw refused(operation, exported);
    return material;
  }

  /**
   * Reads decrypted bytes without waiting. Exclusive leases only.
   *
   * @param into where they go, at least one byte long
   * @returns how many bytes were read; 0: the peer has ended (close_notify); -1: there are none now
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_ARGUMENT
   */
  read(into: Uint8Array): number {
    this.#needsExclusive('read()');
    if (!isUint8Array(into) || into.length === 0) {
      throw argumentError('into', into, 'a Buffer or Uint8Array of at least 1 byte');
    }
    return this.#handle.move('recv', true, into);
  }

  /**
   * Encrypts and sends as many bytes as possible without waiting. Exclusive leases only.
   *
   * @returns how many bytes were taken, perhaps fewer than given; -1: none can be taken now, and part
   *   of a record waits. Then write the same bytes again, with or without more behind them, before you
   *   send anything else
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_ARGUMENT
   */
  write(bytes: Uint8Array): number {
    this.#needsExclusive('write()');
    if (!isUint8Array(bytes)) throw argumentError('bytes', bytes, 'a Buffer or Uint8Array');
    return bytes.length === 0 ? 0 : this.#handle.move('send', true, bytes);
  }

  /**
   * Changes the keys for everything sent from now on (RFC 8446 section 4.6.3). Exclusive leases and
   * TLS 1.3 only.
   *
   * @returns true if the KeyUpdate message has left; false if the kernel takes nothing now: finish a
   *   `write()` that returned -1, then call again
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
    const updated = this.#handle.call('SSL_key_update', (native, ...name) =>
      native.updateKeys(...name, requestPeer),
    );
    return answered(operation, updated);
  }

  /**
   * Tells the peer that you send nothing more (close_notify). You can still read, up to its own
   * close_notify. Exclusive leases only.
   *
   * @returns true if close_notify has left; false as for {@link updateKeys}
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_TLS_OPERATION
   */
  shutdown(): boolean {
    this.#needsExclusive('shutdown()');
    const sent = this.#handle.call('SSL_shutdown', (native, ...name) =>
      native.shutdownTls(...name),
    );
    return answered('shutdown()', sent);
  }

  /**
   * Figures of the BIOs between OpenSSL and the socket, from the socket upwards.
   *
   * @throws LwsPoolError the error of the lease
   */
  get bios(): readonly BioFigures[] {
    return this.#handle
      .call<NativeBio[]>('BIO', (native, ...name) => native.bios(...name))
      .map(figuresOf);
  }

  /** Returns the figures of the topmost BIO of a type; undefined without one. */
  bio<Type extends BioFigures['type']>(
    type: Type,
  ): Extract<BioFigures, { readonly type: Type }> | undefined {
    return this.bios.findLast((bio) => bio.type === type) as never;
  }

  /**
   * Puts a BIO on top of the others, next to OpenSSL (BIO_push(3)). It stays beyond the lease, until
   * `popBio()` or the end of the connection. Exclusive leases only.
   *
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_OPTION; ERR_TLS_OPERATION while a write is
   *   unfinished or, for a recorder, half a record has arrived
   */
  pushBio(bio: BioOptions | BioDefinition | MemoryBio): void {
    const operation = 'pushBio()';
    this.#needsExclusive(operation);
    const below = nativeBioOf(bio) ?? parseBio(bio as BioOptions | BioDefinition);
    const pushed = this.#handle.call<true | string>('BIO_push', (native, ...name) =>
      native.pushBio(...name, below),
    );
    if (pushed !== true) throw refused(operation, pushed, LATER);
  }

  /**
   * Flushes the topmost BIO and takes it away (BIO_pop(3)). Exclusive leases only.
   *
   * @returns its final figures
   * @throws LwsPoolError ERR_LEASE_MODE; ERR_TLS_OPERATION where there is no BIO, or it keeps bytes that
   *   the kernel does not take now
   */
  popBio(): BioFigures {
    const operation = 'popBio()';
    this.#needsExclusive(operation);
    const popped = this.#handle.call<NativeBio | string>('BIO_pop', (native, ...name) =>
      native.popBio(...name),
    );
    if (typeof popped === 'string') throw refused(operation, popped, LATER);
    return figuresOf(popped);
  }

  /** The facts, once it is sure that the lease is still held. */
  #held(): NativeTlsFacts {
    if (this.#facts === undefined) {
      this.#facts = this.#handle.call('SSL', (native, ...name) => native.tlsFacts(...name));
    } else {
      this.#handle.check();
    }
    return this.#facts;
  }

  #needsExclusive(operation: string): void {
    this.#handle.check();
    this.#handle.require(operation);
  }
}

function refused(operation: string, reason: string, hint?: string) {
  return createError('ERR_TLS_OPERATION', { operation, reason, ...(hint && { hint }) });
}

function answered(operation: string, answer: boolean | string): boolean {
  if (typeof answer === 'string') throw refused(operation, answer);
  return answer;
}
