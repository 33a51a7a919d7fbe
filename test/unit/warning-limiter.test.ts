import { describe, expect, it } from 'vitest';
import { WarningLimiter } from '../../src/health/limiter.js';

const MINUTE = 60_000;

describe('WarningLimiter', () => {
  it('admits each cause once a minute', () => {
    const limiter = new WarningLimiter();
    expect(limiter.admit('A', 'x', 0)).toBe(0);
    expect(limiter.admit('A', 'x', MINUTE - 1)).toBeUndefined();
    expect(limiter.admit('A', 'y', MINUTE - 1)).toBe(0);
    expect(limiter.admit('B', 'x', MINUTE - 1)).toBe(0);
    expect(limiter.admit('A', 'x', MINUTE)).toBe(0);
  });

  it('admits ten of a code at once and ten more in a minute, and counts the others', () => {
    const limiter = new WarningLimiter();
    const admitted = (from: number, now: number) =>
      Array.from({ length: 1000 }, (_, index) => limiter.admit('A', `${from + index}`, now));
    const numbers = (of: (number | undefined)[]) => of.filter((one) => one !== undefined);
    expect(numbers(admitted(0, 5))).toEqual(Array(10).fill(0));
    expect(limiter.admit('B', '0', 5)).toBe(0);
    expect(numbers(admitted(1000, 5))).toEqual([]);
    // A tenth of a minute later there is room for one, which tells of 1,990 others.
    expect(numbers(admitted(2000, 5 + MINUTE / 10))).toEqual([1990]);
    expect(numbers(admitted(3000, 5 + 100 * MINUTE))).toEqual([999, ...Array(9).fill(0)]);
  });

  it('forgets the oldest of many causes', () => {
    const limiter = new WarningLimiter();
    // One every six seconds: as many as a code may have.
    const every = MINUTE / 10;
    for (let i = 0; i < 3; i++) expect(limiter.admit('A', `${i}`, i)).toBe(0);
    for (let i = 0; i < 1100; i++) expect(limiter.admit(`C${i}`, 'x', 10)).toBe(0);
    expect(limiter.admit('A', '0', every)).toBe(0);
    expect(limiter.admit('C1099', 'x', every)).toBeUndefined();
  });
});
