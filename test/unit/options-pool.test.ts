import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  type PoolOptions,
  parseMetricsOptions,
  parsePoolOptions,
} from '../../src/options/options.js';
import { thrownBy } from './support/thrown.js';

describe('parsePoolOptions', () => {
  it('has defaults for everything', () => {
    const options = parsePoolOptions(undefined);
    expect(options).toMatchObject({
      threads: Math.max(1, availableParallelism() - 1),
      maxConnections: 65_536,
      handshakesInFlight: 64,
      workerTimeout: 30_000,
      placement: 'least-connections',
      poller: 'epoll',
      warnings: {
        ...{ interval: 1000, blockedAfter: 1000, stacks: false, unreadAfter: 60_000 },
        ...{ unresponsiveAfter: 15_000, queuedBytes: 1_048_576 },
      },
      userTiming: false,
      flightRecorder: 0,
      stats: true,
    });
    expect(parsePoolOptions({})).toEqual(options);
  });

  it.each([
    ['a schema', parsePoolOptions],
    ['a check', parseMetricsOptions],
  ])('says what options throw while they are read: by %s', (_, parse) => {
    const cause = new Error('meant to fail');
    const options = new Proxy(
      {},
      {
        ownKeys() {
          throw cause;
        },
      },
    );
    const error = thrownBy(() => parse(options));
    expect(error).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      details: { option: 'options' },
      cause,
    });
    expect(error.message).toContain('meant to fail');
  });

  it('takes what it is documented to take', () => {
    const placement = () => 0;
    const options = {
      ...{ threads: 256, maxConnections: 1, handshakesInFlight: 4096, placement },
      poller: 'io_uring' as const,
      ...{ warnings: false as const, userTiming: true, workerTimeout: 0 },
      stats: false,
      flightRecorder: 16_384,
      tls: { rejectUnauthorized: false },
      connect: { timeout: 5, data: [1] },
    };
    const { connect, lease, ...rest } = parsePoolOptions({ ...options, lease: { maxHold: 9 } });
    expect(lease).toEqual({
      timeout: 30_000,
      maxHold: 9,
      leakDetectionThreshold: undefined,
      detectDeadlocks: false,
    });
    expect(rest).toEqual({
      ...{ threads: 256, maxConnections: 1, handshakesInFlight: 4096, placement },
      poller: 'io_uring',
      warnings: undefined,
      userTiming: true,
      workerTimeout: 0,
      stats: false,
      flightRecorder: 16_384,
    });
    expect(connect).toMatchObject({ timeout: 5, data: [1], tls: { rejectUnauthorized: false } });
    expect(parsePoolOptions({ placement: 'round-robin' }).placement).toBe('round-robin');
  });

  it('leaves out what is not to be warned of', () => {
    const warnings = { interval: 5, blockedAfter: false, queuedBytes: 1 } as const;
    expect(parsePoolOptions({ warnings }).warnings).toEqual({
      ...{ interval: 5, blockedAfter: undefined, stacks: false, queuedBytes: 1 },
      ...{ unreadAfter: 60_000, unresponsiveAfter: 15_000 },
    });
  });

  it('lets connect.tls add to tls', () => {
    const { connect } = parsePoolOptions({
      tls: { rejectUnauthorized: false, requestOCSP: true, servername: 'a' },
      connect: { tls: { requestOCSP: false, servername: 'b' } },
    });
    expect(connect.tls).toMatchObject({ rejectUnauthorized: false, requestOCSP: false });
    expect(connect.servername).toBe('b');
  });

  it('changes nothing of what it was given', () => {
    const connect = Object.freeze({ headers: Object.freeze({ a: 'b' }) });
    expect(() => parsePoolOptions(Object.freeze({ connect }))).not.toThrow();
  });

  it.each<[unknown, option: string, ...said: string[]]>([
    [null, 'options', 'an object of options', 'got null'],
    [4, 'options', 'an object of options', 'got 4'],
    [{ thread: 1 }, 'thread', 'no option "thread"', 'Did you mean "threads"?'],
    [{ warnings: true }, 'warnings', 'an object of options, or false', 'got true'],
    [{ warnings: null }, 'warnings', 'an object of options, or false', 'got null'],
    [{ warnings: { interval: 0 } }, 'warnings.interval', 'from 1 to 2147483647 (milliseconds)'],
    [{ warnings: { interval: false } }, 'warnings.interval', 'got false'],
    [{ warnings: { blockedAfter: 0 } }, 'warnings.blockedAfter', '(milliseconds), or false'],
    [{ warnings: { unreadAfter: '1' } }, 'warnings.unreadAfter', 'got "1"'],
    [{ warnings: { unresponsiveAfter: 2 ** 31 } }, 'warnings.unresponsiveAfter', 'got 2147483648'],
    [{ warnings: { queuedBytes: 1.5 } }, 'warnings.queuedBytes', '(bytes), or false', 'got 1.5'],
    [{ warnings: { queueBytes: 1 } }, 'warnings.queueBytes', 'Did you mean "queuedBytes"?'],
    [{ warnings: { stacks: 1 } }, 'warnings.stacks', 'true or false', 'got 1'],
    [{ userTiming: 1 }, 'userTiming', 'true or false', 'got 1'],
    [{ workerTimeout: -1 }, 'workerTimeout', 'from 0 to 2147483647 (milliseconds)', 'got -1'],
    [{ workerTimeout: 0.5 }, 'workerTimeout', 'got 0.5'],
    [{ threads: 0 }, 'threads', 'an integer from 1 to 256', 'got 0'],
    [{ threads: 257 }, 'threads', 'got 257'],
    [{ threads: '4' }, 'threads', 'got "4"'],
    [{ threads: null }, 'threads', 'got null'],
    [{ maxConnections: 0 }, 'maxConnections', 'an integer from 1 to 10000000', 'got 0'],
    [{ maxConnections: 1e8 }, 'maxConnections', 'got 100000000'],
    [{ handshakesInFlight: 4097 }, 'handshakesInFlight', 'an integer from 1 to 4096'],
    [{ placement: 'random' }, 'placement', '"round-robin" or a function', 'got "random"'],
    [{ placement: {} }, 'placement', 'an object'],
    [{ stats: 1 }, 'stats', 'true or false', 'got 1'],
    [{ flightRecorder: -1 }, 'flightRecorder', 'an integer from 0 to 16384', 'got -1'],
    [{ flightRecorder: 16_385 }, 'flightRecorder', 'got 16385'],
    [{ flightRecorder: true }, 'flightRecorder', 'got true'],
    [{ poller: 'kqueue' }, 'poller', '"epoll" or "io_uring"', 'got "kqueue"'],
    [{ tls: [] }, 'tls', 'an object of options'],
    [{ tls: { ca: 1 } }, 'tls.ca', 'PEM text', 'got 1'],
    [{ connect: { timeout: 0 } }, 'connect.timeout', 'an integer', 'got 0'],
    [{ connect: { tls: { maxVersion: 'x' } } }, 'connect.tls.maxVersion', '"TLSv1.3"'],
    [{ connect: { signal: AbortSignal.abort() } }, 'connect.signal', 'no option'],
    [{ timeout: 5 }, 'timeout', 'Did you mean "connect.timeout"?'],
    [{ rejectUnauthorized: true }, 'rejectUnauthorized', '"tls.rejectUnauthorized"'],
  ])('refuses %j', (options, option, ...said) => {
    const error = thrownBy(() => parsePoolOptions(options as PoolOptions));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option } });
    for (const text of said) expect(error.message).toContain(text);
  });

  it('refuses headers in the defaults that would forge a request', () => {
    expect(() => parsePoolOptions({ connect: { headers: { a: '\n' } } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_HEADER' }),
    );
  });
});
