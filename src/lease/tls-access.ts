import type { BioFigures } from '../base/bio-figures.js';
import type { NativeMemoryBio, NativeTlsFacts } from '../native.js';
import type { ResolvedBio } from '../options/bio.js';

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
