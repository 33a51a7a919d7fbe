import { describe, expect, it } from 'vitest';
import { LatencyRecorder } from '../../tools/src/load/latency-recorder.js';
import type { ExchangeReport } from '../../tools/src/load/messages.js';
import { succeeded } from '../../tools/src/load/report.js';
import { LOAD_DEFAULTS, type LoadSettings } from '../../tools/src/load/settings.js';
import { type LoadObservations, summarize } from '../../tools/src/load/summarize.js';

const settings: LoadSettings = {
  ...LOAD_DEFAULTS,
  url: 'ws://127.0.0.1:1/',
  connections: 10,
  inflight: undefined,
  rate: undefined,
  threads: undefined,
  ca: undefined,
  insecure: false,
  debugSocket: undefined,
};

function reported(changes: Partial<ExchangeReport> = {}): ExchangeReport {
  return {
    final: true,
    due: 0,
    sent: 100,
    received: 100,
    lost: 0,
    window: { seconds: 2, sent: 100, received: 98 },
    opening: { from: 1000, until: 1500 },
    incidents: new Map(),
    latency: undefined,
    ...changes,
  };
}

function seen(changes: Partial<LoadObservations> = {}): LoadObservations {
  return {
    settings,
    url: settings.url,
    threads: 2,
    opened: 10,
    failures: [],
    failed: 0,
    reports: [reported()],
    rssPerConnection: 4096,
    inspection: undefined,
    interrupted: false,
    ...changes,
  };
}

describe('summarize', () => {
  it('has exactly the documented fields', () => {
    const recorder = new LatencyRecorder();
    recorder.record(1);
    const { figures } = summarize(seen({ reports: [reported({ latency: recorder.encode() })] }));
    expect(figures).toEqual({
      connections: { requested: 10, opened: 10, failed: 0, perSecond: 20 },
      messages: { sent: 100, received: 100, lost: 0, perSecond: 49 },
      latencyMicros: { p50: 1000, p90: 1000, p99: 1000, p999: 1000, max: 1000 },
      bytes: 200 * 64,
      errors: [],
      lease: null,
      memory: { rssPerConnection: 4096 },
      seconds: 2,
      threads: 2,
    });
  });

  it('adds up what the workers did, each in its own time', () => {
    const { figures, sentPerSecond } = summarize(
      seen({
        reports: [
          reported(),
          reported({
            window: { seconds: 1, sent: 100, received: 100 },
            opening: { from: 900, until: 1900 },
          }),
        ],
      }),
    );
    expect(figures.messages).toEqual({ sent: 200, received: 200, lost: 0, perSecond: 149 });
    expect(sentPerSecond).toBe(150);
    expect(figures.seconds).toBe(2);
    expect(figures.connections.perSecond).toBe(10);
  });

  it('counts as lost what a worker had on its way when it died', () => {
    const died = reported({ final: false, sent: 100, received: 70, lost: 0 });
    expect(summarize(seen({ reports: [died] })).figures.messages.lost).toBe(30);
  });

  it('lists failures by code, the most frequent first', () => {
    const { errors } = summarize(
      seen({
        failures: [
          new Map([['ERR_CONNECTION_REFUSED', { count: 2, message: 'refused' }]]),
          new Map([['ERR_CONNECTION_LOST', { count: 3, message: 'lost' }]]),
        ],
        reports: [
          reported({ incidents: new Map([['ERR_NO_ECHO', { count: 4, message: 'other' }]]) }),
          reported({ incidents: new Map([['ERR_NO_ECHO', { count: 1, message: 'another' }]]) }),
        ],
      }),
    ).figures;
    expect(errors).toEqual([
      { code: 'ERR_NO_ECHO', count: 5, message: 'other' },
      { code: 'ERR_CONNECTION_LOST', count: 3, message: 'lost' },
      { code: 'ERR_CONNECTION_REFUSED', count: 2, message: 'refused' },
    ]);
  });

  it('has no latencies and no pace where nothing opened', () => {
    const { figures } = summarize(
      seen({ opened: 0, failed: 10, reports: [], rssPerConnection: undefined }),
    );
    expect(figures.latencyMicros).toEqual({
      p50: null,
      p90: null,
      p99: null,
      p999: null,
      max: null,
    });
    expect(figures.connections.perSecond).toBe(0);
    expect(figures.memory.rssPerConnection).toBeNull();
    expect(figures.seconds).toBe(0);
  });

  it('says by how much a rate was missed', () => {
    expect(summarize(seen({ reports: [reported({ due: 300 })] })).shortfall).toBe(100);
    expect(summarize(seen()).shortfall).toBe(0);
  });
});

describe('success', () => {
  const outcome = (changes: Partial<LoadObservations>) =>
    succeeded(summarize(seen(changes)).figures);

  it('takes all connections, all answers and no errors', () => {
    expect(outcome({})).toBe(true);
    expect(outcome({ opened: 9, failed: 1 })).toBe(false);
    expect(outcome({ reports: [reported({ received: 99, lost: 1 })] })).toBe(false);
    const failures = [new Map([['ERR_CONNECTION_LOST', { count: 1, message: 'lost' }]])];
    expect(outcome({ failures })).toBe(false);
  });
});
