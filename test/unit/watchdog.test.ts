import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { answer } from '../../src/health/heartbeat.js';
import { Pulse } from '../../src/health/pulse.js';
import { Watchdog } from '../../src/health/watchdog.js';
import type { PoolWorker } from '../../src/pool/worker.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A worker that answers, or does not, and what is told of it. */
function watched(limit: number, { connections = 1 } = {}) {
  const pulse = new Pulse();
  const told: string[] = [];
  const state = { answers: true, beats: 0, told, pulse };
  const worker = {
    alive: true,
    connections,
    pulse,
    post({ beat }: { beat: number }) {
      state.beats++;
      if (state.answers) answer(pulse.heart, beat);
    },
  } as unknown as PoolWorker;
  const watchdog = new Watchdog(limit, () => [worker], {
    onChange: () => told.push(pulse.lost ? 'lost' : 'back'),
    onSilent: () => told.push('silent'),
    onLost: () => told.push('given up'),
  });
  watchdog.start();
  return state;
}

it('asks a worker twice a second, and one without connections once', () => {
  const [busy, idle] = [watched(0), watched(0, { connections: 0 })];
  vi.advanceTimersByTime(10_000);
  expect([busy.beats, idle.beats]).toEqual([20, 10]);
  expect([...busy.told, ...idle.told]).toEqual([]);
});

it('tells of one that does not answer, again and again, and when it does again', () => {
  const state = watched(0);
  vi.advanceTimersByTime(500);
  state.answers = false;
  // The beat that is not answered, and a second.
  vi.advanceTimersByTime(500 + 1_000);
  expect(state.told).toEqual(['lost', 'silent']);
  vi.advanceTimersByTime(1_000);
  expect(state.told).toEqual(['lost', 'silent', 'silent', 'silent']);
  answer(state.pulse.heart, state.beats);
  state.answers = true;
  vi.advanceTimersByTime(2_000);
  expect(state.told.slice(4)).toEqual(['back']);
});

it('gives up a worker after the limit, and none where there is no limit', () => {
  const [ended, kept] = [watched(3_000), watched(0)];
  ended.answers = false;
  kept.answers = false;
  vi.advanceTimersByTime(500 + 2_500);
  expect(ended.told).not.toContain('given up');
  vi.advanceTimersByTime(500);
  expect(ended.told.at(-1)).toBe('given up');
  vi.advanceTimersByTime(100_000);
  expect(kept.told).not.toContain('given up');
});

it('counts no time in which the main thread did not turn', () => {
  let now = 0;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const state = watched(3_000);
  state.answers = false;
  vi.advanceTimersByTime(500);
  for (let i = 1; i <= 5; i++) {
    // Within one turn of the loop.
    now += 60_000;
    vi.advanceTimersByTime(500);
    expect(state.pulse.silentFor).toBe(500 * i);
  }
  expect(state.told).toContain('lost');
  expect(state.told).not.toContain('given up');
  clock.mockRestore();
});
