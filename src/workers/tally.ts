import type { LwsPoolError } from '../errors/errors.js';
import type { Tally } from './control.js';

/** Counts of errors by their code. */
export class Tallies extends Map<string, Tally> {
  note(error: LwsPoolError): void {
    this.add(error.code, 1, error.message);
  }

  add(code: string, count: number, message: string): void {
    if (count === 0) return;
    const known = this.get(code);
    if (known === undefined) this.set(code, { count, message });
    else known.count += count;
  }

  merge(others: ReadonlyMap<string, Tally>): void {
    for (const [code, { count, message }] of others) this.add(code, count, message);
  }
}
