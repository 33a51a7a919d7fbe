import type { NativeMemoryBio } from '../../native.js';
import type { ResolvedBio } from '../options.js';
import type { BioFigures } from './bio.js';

/** What native/bindings/tls_object.cc makes: what does not change after the handshake. */
export interface NativeTlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly cipherStandard: string;
  readonly group: string | undefined;
  readonly alpn: string | undefined;
  readonly servername: string | undefined;
  /** DER, the peer's own first. */
  readonly chain: readonly Buffer[];
  readonly verifyResult: number;
  readonly verifyText: string;
  readonly sessionReused: boolean;
  readonly finished: Buffer | undefined;
  readonly peerFinished: Buffer | undefined;
  readonly ocspResponse: Buffer | undefined;
}

/**
 * How a lease gets at the connection's SSL object. Each of them throws the lease's error once it
 * is over. A string in place of a result is the reason for which OpenSSL refused.
 */
export interface TlsAccess {
  /** Throws if the lease is over, and does nothing else. */
  check(): void;
  facts(): NativeTlsFacts;
  /** Bytes that have been decrypted and not read. */
  pending(): number;
  session(): Buffer | undefined;
  exportKeyingMaterial(
    length: number,
    label: string,
    context: Uint8Array | undefined,
  ): Buffer | string;
  /** -1: nothing now; 0: the peer has ended. */
  read(into: Uint8Array): number;
  /** How many bytes were taken; 0: none now. */
  write(bytes: Uint8Array): number;
  /** True: it has left; false: the kernel takes nothing now. */
  updateKeys(requestPeer: boolean): boolean | string;
  /** The same. */
  shutdown(): boolean | string;
  /** From the socket upwards. */
  bios(): readonly BioFigures[];
  /** A string says why it was not done. */
  pushBio(bio: ResolvedBio | NativeMemoryBio): true | string;
  popBio(): BioFigures | string;
}
