import { describe, expect, it } from 'vitest';
import { TimeRing } from '../../tools/src/load/time-ring.js';

describe('TimeRing', () => {
  it('gives back in order what it took, and then nothing', () => {
    const ring = new TimeRing();
    for (const time of [3, 1, 2]) ring.push(time);
    expect([ring.shift(), ring.shift(), ring.shift(), ring.shift()]).toEqual([3, 1, 2, undefined]);
    expect(ring.length).toBe(0);
  });

  it('keeps the order while it grows in the middle of a round', () => {
    const ring = new TimeRing();
    const seen: (number | undefined)[] = [];
    let next = 0;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < (round % 7) + 1; i++) ring.push(next++);
      for (let i = 0; i < round % 5; i++) {
        if (ring.length > 0) seen.push(ring.shift());
      }
    }
    while (ring.length > 0) seen.push(ring.shift());
    expect(seen).toEqual(Array.from({ length: next }, (_, at) => at));
  });

  it('is empty after clear()', () => {
    const ring = new TimeRing();
    ring.push(1);
    ring.push(2);
    ring.clear();
    ring.push(3);
    expect([ring.length, ring.shift()]).toEqual([1, 3]);
  });
});
