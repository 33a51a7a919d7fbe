import type { BioFigures, NativeBio } from '../base/bio-figures.js';
import type { NativeMemoryBio, NativeTlsFacts } from '../native.js';
import type { ResolvedBio } from '../options/options.js';
import { figuresOf } from './bio.js';
import type { LeaseHandle } from './handle.js';
import type { TlsAccess } from './tls-access.js';

/** TLS by way of a lease. It has the handle, so the lease is not lost while this is in use. */
export class TlsHandle implements TlsAccess {
  readonly #handle: LeaseHandle;

  constructor(handle: LeaseHandle) {
    this.#handle = handle;
  }

  check(): void {
    this.#handle.check();
  }

  facts(): NativeTlsFacts {
    return this.#handle.call('SSL', (native, ...name) => native.tlsFacts(...name));
  }

  pending(): number {
    return this.#handle.call('SSL_pending', (native, ...name) => native.tlsPending(...name));
  }

  session(): Buffer | undefined {
    return this.#handle.call('SSL_get1_session', (native, ...name) => native.tlsSession(...name));
  }

  exportKeyingMaterial(
    length: number,
    label: string,
    context: Uint8Array | undefined,
  ): Buffer | string {
    const material = Buffer.alloc(length);
    const refused = this.#handle.call<boolean | string>(
      'SSL_export_keying_material',
      (native, ...name) => native.exportKeyingMaterial(...name, material, label, context),
    );
    return typeof refused === 'string' ? refused : material;
  }

  read(into: Uint8Array): number {
    return this.#handle.move('recv', true, into);
  }

  write(bytes: Uint8Array): number {
    return Math.max(0, this.#handle.move('send', true, bytes));
  }

  updateKeys(requestPeer: boolean): boolean | string {
    return this.#handle.call('SSL_key_update', (native, ...name) =>
      native.updateKeys(...name, requestPeer),
    );
  }

  shutdown(): boolean | string {
    return this.#handle.call('SSL_shutdown', (native, ...name) => native.shutdownTls(...name));
  }

  bios(): readonly BioFigures[] {
    return this.#handle
      .call<NativeBio[]>('BIO', (native, ...name) => native.bios(...name))
      .map(figuresOf);
  }

  pushBio(bio: ResolvedBio | NativeMemoryBio): true | string {
    return this.#handle.call('BIO_push', (native, ...name) => native.pushBio(...name, bio));
  }

  popBio(): BioFigures | string {
    const popped = this.#handle.call<NativeBio | string>('BIO_pop', (native, ...name) =>
      native.popBio(...name),
    );
    return typeof popped === 'string' ? popped : figuresOf(popped);
  }
}
