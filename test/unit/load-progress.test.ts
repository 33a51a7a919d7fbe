import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { progressView } from '../../tools/src/cli/progress.js';
import type { LoadProgress } from '../../tools/src/load/progress.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const opening: LoadProgress = { phase: 'opening', opened: 1234, failed: 0, requested: 5000 };
const exchanging = (elapsed: number): LoadProgress => ({
  phase: 'exchanging',
  elapsed,
  duration: 5,
  perSecond: 244_386,
});

/** What is written, with 200 ms between one progress and the next. */
function written(isTTY: boolean, progresses: readonly LoadProgress[]): string {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 80 });
  const view = progressView(stream as unknown as NodeJS.WriteStream);
  for (const progress of progresses) {
    view.onProgress(progress);
    vi.advanceTimersByTime(200);
  }
  view.end();
  return stream.read() ?? '';
}

describe('progress', () => {
  it('is a line each second where nobody looks', () => {
    const progresses = [
      ...Array<LoadProgress>(11).fill(opening),
      ...[0, 0.2, 0.4, 0.6, 0.8, 1, 1.2].map(exchanging),
      { phase: 'draining', waiting: 1 } as const,
    ];
    expect(written(false, progresses)).toBe(
      `${'opening 1,234 of 5,000 connections\n'.repeat(2)}exchanging 1 of 5 s, 244,386/s answered\n`,
    );
  });

  it('says nothing of a run that is over at once', () => {
    expect(written(false, [opening, exchanging(0)])).toBe('');
  });

  it('says how many failed so far', () => {
    const failing: LoadProgress = { ...opening, failed: 7 };
    const lines = written(false, Array<LoadProgress>(6).fill(failing));
    expect(lines).toBe('opening 1,234 of 5,000 connections, 7 failed\n');
  });

  it('is a bar on a terminal, which is gone at the end', () => {
    const drawn = written(true, [opening, exchanging(2)]);
    expect(drawn).toContain('opening     █');
    expect(drawn).toContain('2 of 5 s, 244,386/s answered');
    const toLineStart = '\u001b[1G';
    const eraseLine = '\u001b[2K';
    expect(drawn.endsWith(toLineStart + eraseLine)).toBe(true);
  });
});
