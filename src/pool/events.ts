import type { LwsPoolError } from '../errors/errors.js';
import type { PoolWarning } from '../health/warning.js';

/** Events of a {@link Pool}, with the arguments of their listeners. */
export interface PoolEvents {
  /** A worker died: its connections have ended with this error, and another worker replaces it. */
  workerCrashed: [error: LwsPoolError];
  /** A handler threw in `receive`, or for a connection that had already ended. */
  handlerFailed: [error: LwsPoolError];
  /**
   * A problem that ends no connection, but needs attention: see docs/monitoring.md. Without a
   * listener, the pool emits a warning of the process instead (`process.emitWarning()`).
   */
  warning: [warning: PoolWarning];
}
