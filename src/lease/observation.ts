/** `exclusive`: only the holder uses descriptor and SSL object. `shared`: holders only observe. */
export type LeaseMode = 'shared' | 'exclusive';

/** How a lease ended. */
export type Ending = 'released' | 'expired' | 'revoked' | 'detached';

/** Follows a lease. It must not hold the lease's handle: one that is forgotten could not be found. */
export interface LeaseObservation {
  granted(): void;
  /** It was waited for in vain. */
  failed(error: unknown): void;
  ended(ending: Ending): void;
}

export interface LeaseSubject {
  readonly connection: string;
  readonly mode: LeaseMode;
  readonly label: string | undefined;
}
