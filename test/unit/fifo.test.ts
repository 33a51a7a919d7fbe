import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/base/fifo.js';

describe('Fifo', () => {
  it('gives what was put in, in order, in any rhythm', () => {
    const fifo = new Fifo<number>();
    const plain: number[] = [];
    let next = 0;
    for (let step = 0; step < 5000; step++) {
      if ((step * 7919) % 13 < 7) {
        fifo.push(next);
        plain.push(next++);
      } else {
        expect(fifo.shift()).toBe(plain.shift());
      }
      expect([fifo.length, fifo.last()]).toEqual([plain.length, plain.at(-1)]);
    }
    fifo.clear();
    expect([fifo.length, fifo.shift(), fifo.last()]).toEqual([0, undefined, undefined]);
  });
});
