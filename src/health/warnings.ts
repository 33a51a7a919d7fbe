import { guarded } from '../base/uncaught.js';
import { escapedLines } from '../errors/phrases.js';
import { WarningLimiter } from './limiter.js';
import type { PoolWarning, Trouble } from './warning.js';

/** Who hears of warnings. */
export interface WarningAudience {
  /** Whether somebody listens; else it is a warning of the process. */
  readonly listens: boolean;
  tell(warning: PoolWarning): void;
}

/** What a pool warns of, from wherever it comes: told once for each cause, and not too often. */
export class Warnings {
  readonly #audience: WarningAudience;
  readonly #limiter = new WarningLimiter();

  constructor(audience: WarningAudience) {
    this.#audience = audience;
  }

  /** @param cause whom it is about, where that is neither the connection nor the worker */
  report(trouble: Trouble, cause = trouble.connection ?? `${trouble.worker}`): void {
    const suppressed = this.#limiter.admit(trouble.code, cause, performance.now());
    if (suppressed === undefined) return;
    const at = performance.timeOrigin + performance.now();
    const warning = { ...trouble, at, suppressed } as PoolWarning;
    const listens = this.#audience.listens;
    // Whoever finds trouble has other things to do as well.
    guarded(() => this.#audience.tell(warning));
    if (!listens) emit(warning);
  }
}

function emit({ code, message, suppressed, details }: PoolWarning): void {
  const more = suppressed > 0 ? ` (${suppressed} more of these were not shown.)` : '';
  const stack = 'stack' in details ? details.stack : undefined;
  const detail = stack === undefined ? {} : { detail: escapedLines(stack) };
  process.emitWarning(`${message}${more}`, { type: 'LwsPoolWarning', code, ...detail });
}
