import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer } from '../../tools/src/load/pacer.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Pacer', () => {
  it.each([0.5, 3, 100, 2_500])('calls back %d times a second', (rate) => {
    const due: number[] = [];
    const pacer = new Pacer(rate, false, (time) => due.push(time));
    const start = performance.now();
    pacer.begin();
    vi.advanceTimersByTime(10_000);
    pacer.stop();
    expect(due.length).toBeGreaterThanOrEqual(rate * 10 - rate * 0.003);
    expect(due.length).toBeLessThanOrEqual(rate * 10 + 1);
    for (const [at, time] of due.entries()) expect(time).toBeCloseTo(start + (at * 1e3) / rate, 3);
  });

  it('is never early', () => {
    const early: number[] = [];
    const pacer = new Pacer(333, true, (time) => early.push(Math.max(0, time - performance.now())));
    pacer.begin();
    vi.advanceTimersByTime(500);
    pacer.stop();
    expect(early.length).toBeGreaterThan(150);
    expect(Math.max(...early)).toBeLessThan(1e-6);
  });

  it('catches up in turns, so that the connections are served between', () => {
    let calls = 0;
    const pacer = new Pacer(1_000_000, false, () => calls++);
    pacer.begin();
    expect(calls).toBe(1);
    vi.setSystemTime(Date.now());
    vi.advanceTimersByTime(5);
    expect(calls).toBeGreaterThan(1);
    expect(calls % 1000).toBeLessThanOrEqual(1);
    pacer.stop();
    const stopped = calls;
    vi.advanceTimersByTime(5);
    expect(calls).toBe(stopped);
  });

  it('knows how many were due', () => {
    const pacer = new Pacer(10, false, () => undefined);
    pacer.begin();
    vi.advanceTimersByTime(999);
    expect(pacer.due()).toBe(10);
    pacer.stop();
  });
});
