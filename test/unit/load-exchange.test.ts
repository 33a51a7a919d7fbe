import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Conversation } from '../../tools/src/load/conversation.js';
import { Exchange } from '../../tools/src/load/exchange.js';
import { LatencyRecorder } from '../../tools/src/load/latency-recorder.js';
import type { ExchangePlan, ExchangeReport } from '../../tools/src/load/messages.js';
import { mergedPercentiles } from '../../tools/src/load/percentiles.js';

const SIZE = 8;

/** A connection that keeps what is sent on it until the test answers. */
class TestLine {
  sent = 0;
  closedWith: number | undefined;
  /** What send() says: whether there is room for more. */
  room = true;
  conversation!: Conversation;

  send(data: Uint8Array): boolean {
    expect(data).toHaveLength(SIZE);
    this.sent++;
    return this.room;
  }

  close(code?: number): void {
    this.closedWith = code;
  }
}

function setUp(plan: Partial<ExchangePlan> = {}, lines = 1) {
  const reports: ExchangeReport[] = [];
  const exchange = new Exchange(
    { size: SIZE, raw: false, inflight: 1, ...plan },
    new LatencyRecorder(),
    (report) => reports.push(structuredClone(report)),
  );
  const opened = Array.from({ length: lines }, () => {
    const line = new TestLine();
    line.conversation = exchange.open(line);
    return line;
  });
  const [line] = opened as [TestLine];
  return {
    exchange,
    lines: opened,
    line,
    answer: (from = line, size = SIZE) => exchange.message(from.conversation, Buffer.alloc(size)),
    begin: (rate?: number) => exchange.receive({ type: 'begin', rate, precise: false }),
    stop: () => exchange.receive({ type: 'stop' }),
    finish: () => exchange.receive({ type: 'finish' }),
    reports,
    last: () => {
      const report = reports.at(-1);
      if (report === undefined) throw new Error('no report');
      return report;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a closed model', () => {
  it('sends the next message for each answer', () => {
    const { begin, answer, line } = setUp();
    begin();
    expect(line.sent).toBe(1);
    answer();
    answer();
    expect(line.sent).toBe(3);
  });

  it('keeps as many on their way as it may', () => {
    const { begin, answer, line } = setUp({ inflight: 4 });
    begin();
    expect(line.sent).toBe(4);
    answer();
    expect(line.sent).toBe(5);
  });

  it('holds back while the connection is full', () => {
    const { begin, exchange, line } = setUp({ inflight: 4 });
    line.room = false;
    begin();
    expect(line.sent).toBe(1);
    line.room = true;
    exchange.drain(line.conversation);
    expect(line.sent).toBe(4);
  });

  it('measures from the sending of a message to its answer', () => {
    const { begin, answer, stop, last } = setUp();
    begin();
    vi.advanceTimersByTime(5);
    answer();
    vi.advanceTimersByTime(20);
    stop();
    answer();
    const { latency, sent, received, lost, final } = last();
    expect({ sent, received, lost, final }).toEqual({ sent: 2, received: 2, lost: 0, final: true });
    const { p50, max } = mergedPercentiles([latency ?? '']) ?? {};
    expect(p50).toBeCloseTo(5_000, -1);
    expect(max).toBeGreaterThanOrEqual(20_000);
  });

  it('counts in its window what came until it was stopped', () => {
    const { begin, answer, stop, last } = setUp();
    begin();
    vi.advanceTimersByTime(2000);
    answer();
    stop();
    vi.advanceTimersByTime(1000);
    answer();
    expect(last().window).toEqual({ seconds: 2, sent: 2, received: 1 });
    expect(last().received).toBe(2);
  });
});

describe('an open model', () => {
  it('sends when messages are due, whether or not answers came', () => {
    const { begin, line } = setUp({ inflight: Number.POSITIVE_INFINITY });
    begin(100);
    expect(line.sent).toBe(1);
    vi.advanceTimersByTime(95);
    expect(line.sent).toBe(10);
  });

  it('gives each connection its turn', () => {
    const { begin, lines } = setUp({ inflight: Number.POSITIVE_INFINITY }, 4);
    begin(25);
    vi.advanceTimersByTime(395);
    expect(lines.map(({ sent }) => sent)).toEqual([10, 10, 10, 10]);
  });

  it('leaves out connections that are gone, and keeps the rate', () => {
    const { begin, lines, exchange } = setUp({ inflight: Number.POSITIVE_INFINITY }, 2);
    const [first, second] = lines as [TestLine, TestLine];
    begin(50);
    exchange.close(first.conversation, 1000, '', false);
    vi.advanceTimersByTime(95);
    expect(first.sent + second.sent).toBe(10);
    expect(first.sent).toBe(1);
  });

  it('measures from when a message was due, however late it was sent', () => {
    const { begin, answer, stop, finish, last } = setUp({ inflight: 1 });
    begin(100);
    vi.advanceTimersByTime(45);
    // Five are due, one was sent: each answer lets the next one go.
    for (let i = 0; i < 5; i++) answer();
    stop();
    finish();
    const { due, sent, received, latency } = last();
    expect({ due, sent, received }).toEqual({ due: 5, sent: 5, received: 5 });
    const { p50, max } = mergedPercentiles([latency ?? '']) ?? {};
    expect(p50).toBeCloseTo(25_000, -2);
    expect(max).toBeCloseTo(45_000, -2);
  });

  it('does not send after its end what was due before', () => {
    const { begin, answer, stop, line, last } = setUp({ inflight: 1 });
    begin(100);
    vi.advanceTimersByTime(45);
    stop();
    answer();
    expect(line.sent).toBe(1);
    expect(last()).toMatchObject({ final: true, due: 5, sent: 1, received: 1, lost: 0 });
  });
});

describe('what gets lost', () => {
  it('is what has no answer when the waiting ends', () => {
    const { begin, answer, stop, finish, reports, last } = setUp({ inflight: 3 });
    begin();
    answer();
    stop();
    expect(reports).toEqual([]);
    finish();
    expect(last()).toMatchObject({ final: true, sent: 4, received: 1, lost: 3 });
  });

  it('is what was on its way when a connection closed', () => {
    const { begin, exchange, lines, stop, answer, last } = setUp({ inflight: 2 }, 2);
    const [first, second] = lines as [TestLine, TestLine];
    begin();
    exchange.close(first.conversation, 1006, '', true);
    stop();
    answer(second);
    answer(second);
    expect(last()).toMatchObject({ final: true, sent: 4, received: 2, lost: 2 });
    expect(last().incidents.size).toBe(0);
  });

  it('is reported at once when the last connection closes', () => {
    const { begin, exchange, line, last } = setUp();
    begin();
    exchange.close(line.conversation, 1006, '', true);
    expect(last()).toMatchObject({ final: true, sent: 1, received: 0, lost: 1 });
  });
});

describe('a server that is no echo', () => {
  it('loses its connection for an answer of another size', () => {
    const { begin, answer, line, stop, last } = setUp();
    begin();
    answer(line, SIZE + 1);
    expect(line.closedWith).toBe(1000);
    stop();
    expect(last()).toMatchObject({ received: 0, lost: 1 });
    expect(last().incidents.get('ERR_NO_ECHO')?.message).toContain('9 bytes in answer to');
  });

  it('loses its connection for a message that nobody asked for', () => {
    const { answer, line, finish, last } = setUp();
    answer();
    expect(line.closedWith).toBe(1000);
    finish();
    expect(last().incidents.get('ERR_NO_ECHO')?.message).toContain('that nobody asked for');
  });

  it('is told that it closed early, unless it was an error or the end', () => {
    const { begin, exchange, lines, finish, last } = setUp({}, 3);
    const [early, failed, late] = lines as [TestLine, TestLine, TestLine];
    begin();
    exchange.close(early.conversation, 1001, 'going\naway', false);
    exchange.close(failed.conversation, 1006, '', true);
    finish();
    exchange.close(late.conversation, 1000, '', false);
    const incident = last().incidents.get('ERR_CLOSED_EARLY');
    expect(incident?.count).toBe(1);
    expect(incident?.message).toContain('1001 ("going\\u000aaway")');
  });
});

describe('a raw connection', () => {
  it('tells answers apart by their size', () => {
    const { begin, answer, line, stop, last } = setUp({ raw: true, inflight: 3 });
    begin();
    answer(line, SIZE + 1);
    answer(line, SIZE - 2);
    expect(line.sent).toBe(4);
    answer(line, 1);
    expect(line.sent).toBe(5);
    stop();
    answer(line, 3 * SIZE);
    expect(last()).toMatchObject({ final: true, sent: 5, received: 5, lost: 0 });
  });
});
