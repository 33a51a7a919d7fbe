import { describe, expect, it } from 'vitest';
import { PLAIN } from '../../tools/src/cli/style.js';
import { renderSummary } from '../../tools/src/cli/summary.js';
import type { LoadFigures, LoadReport } from '../../tools/src/load/report.js';
import { LOAD_DEFAULTS, type LoadSettings } from '../../tools/src/load/settings.js';

const settings: LoadSettings = {
  ...LOAD_DEFAULTS,
  url: 'wss://localhost:8443/',
  connections: 500,
  inflight: undefined,
  rate: undefined,
  threads: undefined,
  ca: undefined,
  insecure: false,
  debugSocket: undefined,
};

const figures: LoadFigures = {
  connections: { requested: 500, opened: 500, failed: 0, perSecond: 1190.5 },
  messages: { sent: 1_221_930, received: 1_221_930, lost: 0, perSecond: 244_286 },
  latencyMicros: { p50: 1930, p90: 2310, p99: 4600, p999: 7900, max: 12_100 },
  bytes: 156_407_040,
  errors: [],
  lease: {
    descriptor: 27,
    rttMicros: 48,
    congestionWindow: 10,
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    heldMicros: 210,
  },
  memory: { rssPerConnection: 33_012 },
  seconds: 5,
  threads: 1,
};

const report: LoadReport = {
  settings,
  url: settings.url,
  figures,
  openingSeconds: 0.42,
  sentPerSecond: 244_386,
  shortfall: 0,
  interrupted: false,
};

const render = (changes: Partial<LoadReport>, width = 80) =>
  renderSummary({ ...report, ...changes }, PLAIN, width);

describe('the summary', () => {
  it('is one grid of figures', () => {
    expect(render({})).toBe(`\
wss://localhost:8443/
500 connections, messages of 64 B, 1 in flight each, 1 thread

  connections         500  opened      1,191/s  in 0.42 s
  messages      1,221,930  sent      244,386/s  15.6 MB/s
                1,221,930  answered  244,286/s  15.6 MB/s
                        0  lost
  latency       p50      p90      p99      p99.9    max
                1.93 ms  2.31 ms  4.60 ms  7.90 ms  12.1 ms
  memory        33.0 KB per connection
  lease         descriptor 27, round trip 48 µs, congestion window 10, TLSv1.3
                TLS_AES_256_GCM_SHA384
                one connection in mid-traffic, held for 210 µs

  All connections opened and no message was lost.
`);
  });

  it('explains each kind of failure, within the width', () => {
    const failing: LoadFigures = {
      ...figures,
      connections: { requested: 500, opened: 488, failed: 12, perSecond: 1190.5 },
      messages: { sent: 1000, received: 997, lost: 3, perSecond: 199.4 },
      lease: null,
      errors: [
        {
          code: 'ERR_CONNECTION_REFUSED',
          count: 12,
          message:
            '127.0.0.1:9 refused the connection (connect ECONNREFUSED: connection refused). Check that the server runs and listens there.',
        },
        { code: 'ERR_CONNECTION_LOST', count: 1, message: 'The connection was lost.' },
      ],
    };
    expect(render({ figures: failing, sentPerSecond: 200 })).toBe(`\
wss://localhost:8443/
500 connections, messages of 64 B, 1 in flight each, 1 thread

  connections     488  opened    1,191/s  in 0.42 s
                   12  failed
  messages      1,000  sent        200/s  12.8 KB/s
                  997  answered    199/s  12.8 KB/s
                    3  lost
  latency       p50      p90      p99      p99.9    max
                1.93 ms  2.31 ms  4.60 ms  7.90 ms  12.1 ms
  memory        33.0 KB per connection

  failures      12  ERR_CONNECTION_REFUSED
                    127.0.0.1:9 refused the connection (connect ECONNREFUSED:
                    connection refused). Check that the server runs and listens
                    there.
                 1  ERR_CONNECTION_LOST
                    The connection was lost.

  12 of 500 connections failed, 1 connection broke, 3 messages lost.
`);
  });

  it.each([60, 80, 100])('is no wider than %d columns', (width) => {
    const message = 'word '.repeat(60).trim();
    const wide = {
      ...figures,
      errors: [{ code: 'ERR_CONNECTION_LOST', count: 1_000_000, message }],
    };
    const rendered = render(
      { figures: wide, settings: { ...settings, rate: 1000 }, shortfall: 500 },
      width,
    );
    // The line of settings is as long as it has to be.
    const lines = rendered.split('\n').slice(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it('says when the rate was not reached, and when somebody ended the run', () => {
    const paced = { ...settings, rate: 1000 };
    expect(render({ settings: paced })).toContain('64 B, 1,000/s, 1 thread');
    expect(render({ settings: paced, shortfall: 5 })).not.toContain('not reached');
    expect(render({ settings: paced, shortfall: 500 })).toContain(
      'The rate was not reached: 500/s',
    );
    expect(render({ interrupted: true })).toContain('Interrupted');
  });

  it('leaves out what was not measured', () => {
    const none = { p50: null, p90: null, p99: null, p999: null, max: null };
    const idle = render({
      figures: {
        ...figures,
        messages: { sent: 0, received: 0, lost: 0, perSecond: 0 },
        latencyMicros: none,
        lease: null,
        memory: { rssPerConnection: null },
      },
    });
    expect(idle).not.toMatch(/messages +0|latency|memory|null/);
    expect(idle).toContain('All connections opened.');
  });
});
