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

/** A lease that is asked for, as it is told of. */
export interface LeaseRequest {
  readonly connection: { readonly id: string };
  readonly mode: LeaseMode;
  readonly label: string | undefined;
}

/** A lease that was granted, as it is told of. */
export interface LeaseFacts extends LeaseRequest {
  readonly token: number;
  /** When it was granted, as performance.now() counts; 0: nobody is to know of it. */
  readonly began: number;
}
