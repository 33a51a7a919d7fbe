import { describe, expect, it } from 'vitest';
import {
  answer,
  Heartbeat,
  introduce,
  whileLoading,
  whileTelling,
} from '../../src/health/heartbeat.js';
import type { ThreadTime } from '../../src/health/thread-time.js';

describe('Heartbeat', () => {
  it('tells once of a beat that is not answered in time', () => {
    const heartbeat = new Heartbeat();
    expect(heartbeat.overdue(0, 100)).toBeUndefined();
    const beat = heartbeat.next(0) as number;
    expect(heartbeat.next(50)).toBeUndefined();
    expect(heartbeat.overdue(99, 100)).toBeUndefined();
    expect(heartbeat.overdue(120, 100)).toBe(120);
    expect(heartbeat.overdue(500, 100)).toBeUndefined();
    answer(heartbeat.heart, beat);
    expect(heartbeat.overdue(600, 100)).toBeUndefined();
  });

  it('tells again of the next', () => {
    const heartbeat = new Heartbeat();
    answer(heartbeat.heart, heartbeat.next(0) as number);
    for (let time = 1000; time < 4000; time += 1000) {
      const beat = heartbeat.next(time) as number;
      expect(heartbeat.overdue(time + 200, 100)).toBe(200);
      answer(heartbeat.heart, beat);
      expect(heartbeat.overdue(time + 300, 100)).toBeUndefined();
    }
  });

  it('was answered in time, however late this thread looks', () => {
    const heartbeat = new Heartbeat();
    answer(heartbeat.heart, heartbeat.next(0) as number);
    expect(heartbeat.overdue(1e6, 100)).toBeUndefined();
  });
});

describe('a Heartbeat that knows what the thread does', () => {
  /** One whose beat was sent at 0, and what the kernel says of its thread. */
  function late(time: { ran: number; waited: number; sleeps: number | undefined }) {
    const asked: number[] = [];
    const heartbeat = new Heartbeat((thread): ThreadTime => {
      asked.push(thread);
      return { ...time };
    });
    introduce(heartbeat.heart, 77);
    heartbeat.next(0);
    return { heartbeat, asked, time };
  }

  it('tells of one that sleeps or runs as if it did not know', () => {
    const sleeping = late({ ran: 10, waited: 10, sleeps: undefined });
    expect(sleeping.heartbeat.overdue(500, 1000)).toBeUndefined();
    expect(sleeping.heartbeat.overdue(1000, 1000)).toBe(1000);
    const running = late({ ran: 10, waited: 10, sleeps: 3 });
    expect(running.heartbeat.overdue(500, 1000)).toBeUndefined();
    running.time.ran += 500;
    expect(running.heartbeat.overdue(1000, 1000)).toBe(1000);
    expect(running.asked).toEqual([77, 77]);
  });

  it('does not count the time without a processor', () => {
    const { heartbeat, time } = late({ ran: 10, waited: 10, sleeps: 3 });
    for (let now = 500; now <= 10_000; now += 500) {
      expect(heartbeat.overdue(now, 1000)).toBeUndefined();
      time.ran += 10;
    }
  });

  it('nor that of which it learns only afterwards', () => {
    const { heartbeat, time } = late({ ran: 10, waited: 10, sleeps: undefined });
    for (let now = 500; now <= 10_000; now += 500) {
      expect(heartbeat.overdue(now, 1000)).toBeUndefined();
      time.waited += 490;
    }
  });

  it('tells later of one that runs in between', () => {
    const { heartbeat, time } = late({ ran: 10, waited: 10, sleeps: 3 });
    expect(heartbeat.overdue(500, 1000)).toBeUndefined();
    time.ran += 250;
    expect(heartbeat.overdue(1000, 1000)).toBeUndefined();
    time.ran += 250;
    expect(heartbeat.overdue(1500, 1000)).toBe(1000);
  });

  it('does not warn for what it has never looked at', () => {
    const { heartbeat } = late({ ran: 10, waited: 10, sleeps: undefined });
    expect(heartbeat.overdue(1e6, 1000)).toBeUndefined();
    expect(heartbeat.overdue(1e6 + 500, 1000)).toBe(1000);
  });

  it('asks nobody of a beat that was answered', () => {
    const { heartbeat, asked } = late({ ran: 0, waited: 0, sleeps: 1 });
    answer(heartbeat.heart, 1);
    heartbeat.overdue(5000, 1000);
    expect(asked).toEqual([]);
  });

  it('does not count the loading of modules, but what handlers do meanwhile', async () => {
    const { heartbeat } = late({ ran: 10, waited: 10, sleeps: undefined });
    let loaded: (() => void) | undefined;
    const loading = whileLoading(heartbeat.heart, () => {
      return new Promise<void>((resolve) => {
        loaded = resolve;
      });
    });
    for (let now = 500; now <= 5000; now += 500) {
      expect(heartbeat.overdue(now, 1000)).toBeUndefined();
    }
    whileTelling(heartbeat.heart, () => {
      expect(heartbeat.overdue(5500, 1000)).toBeUndefined();
      expect(heartbeat.overdue(6000, 1000)).toBe(1000);
    });
    loaded?.();
    await loading;
  });

  it('counts from when the modules are there, also where they could not be loaded', async () => {
    const { heartbeat } = late({ ran: 10, waited: 10, sleeps: undefined });
    const failing = whileLoading(heartbeat.heart, () =>
      Promise.reject(new Error('no such module')),
    );
    expect(heartbeat.overdue(2000, 1000)).toBeUndefined();
    await expect(failing).rejects.toThrow('no such module');
    expect(heartbeat.overdue(2500, 1000)).toBeUndefined();
    expect(heartbeat.overdue(3000, 1000)).toBe(1000);
  });
});
