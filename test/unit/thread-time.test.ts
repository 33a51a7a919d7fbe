import { describe, expect, it } from 'vitest';
import {
  parseThreadTime,
  readThreadTime,
  threadNumber,
  waitedFor,
} from '../../src/health/thread-time.js';

const status = (state: string) =>
  `Name:\tnode\nState:\t${state}\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n`;

describe('parseThreadTime', () => {
  it('reads what the kernel writes', () => {
    expect(parseThreadTime('2000000 500000 3\n', status('R (running)'))).toEqual({
      ...{ ran: 2, waited: 0.5, sleeps: 7 },
    });
    expect(parseThreadTime('2000000 500000 3\n', status('S (sleeping)'))?.sleeps).toBeUndefined();
  });

  it.each(['', '0 0 0\n', '1 2\n', '1 2 3 4\n', 'se.sum_exec_runtime : 12\n'])(
    'knows nothing of %j',
    (schedstat) => expect(parseThreadTime(schedstat, status('R'))).toBeUndefined(),
  );
});

describe('readThreadTime', () => {
  it('is silent of a thread that is not there', () => {
    expect(readThreadTime(0)).toBeUndefined();
    expect(readThreadTime(2 ** 31 - 1)).toBeUndefined();
  });

  it('finds this thread', () => expect(threadNumber()).toBeGreaterThan(0));
});

describe('waitedFor', () => {
  const at = (ran: number, waited: number, sleeps?: number) => ({ ran, waited, sleeps });

  it('is what the kernel has noted', () => {
    expect(waitedFor(at(0, 10), at(5, 70), 100)).toBe(60);
    expect(waitedFor(at(0, 10, 1), at(5, 70, 2), 100)).toBe(60);
    expect(waitedFor(at(0, 10, 1), at(5, 70), 100)).toBe(60);
  });

  it('is all but what it ran where it did not sleep: the kernel notes a wait when it is over', () => {
    expect(waitedFor(at(0, 10, 1), at(5, 10, 1), 100)).toBe(95);
    expect(waitedFor(at(0, 10, 1), at(100.5, 10, 1), 100)).toBe(0);
  });

  it('is never more than the time that has passed', () => {
    expect(waitedFor(at(0, 10), at(0, 500), 100)).toBe(100);
  });
});
