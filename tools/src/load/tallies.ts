import type { Tally } from 'lws-pool';

/** Counts of failures by their code. */
export class Tallies extends Map<string, Tally> {
  add(code: string, count: number, message: string): void {
    if (count === 0) return;
    const known = this.get(code);
    if (known === undefined) this.set(code, { count, message });
    else known.count += count;
  }

  merge(others: ReadonlyMap<string, Readonly<Tally>>): void {
    for (const [code, { count, message }] of others) this.add(code, count, message);
  }
}
