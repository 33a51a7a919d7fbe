import diagnostics from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { type LwsPoolError, parseConnectionUrl } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watch } from '../fixtures/debug-socket.js';
import { ending, poolUnderTest, rejection } from '../fixtures/pool.js';
import { answering, freePort, headerOf, socketPath, switching } from '../fixtures/servers.js';

/** User and password of a URL, and all the forms in which they may leak. */
const USER = 'mallory';
const PASSWORD = 'hunter2 \u00e9';
const IN_URL = `${USER}:${encodeURIComponent(PASSWORD)}@`;
const LEAKS = [
  USER,
  'hunter2',
  Buffer.from(`${USER}:${PASSWORD}`).toString('base64'),
  Buffer.from(`${USER}:${PASSWORD}`).toString('base64url'),
];

function expectNone(what: string, ...values: unknown[]): void {
  for (const value of values) {
    const text =
      typeof value === 'string'
        ? value
        : inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, getters: true });
    for (const leak of LEAKS) expect(text, what).not.toContain(leak);
  }
}

function expectNoneIn(error: LwsPoolError): void {
  const { message, stack, details, flightRecord } = error;
  expectNone(error.code, error, message, `${stack}`, JSON.stringify(details), `${flightRecord}`);
}

describe('user and password of a URL', () => {
  it('are in nothing that is told of an open connection', async () => {
    const published: unknown[] = [];
    for (const name of ['connecting', 'opened', 'failed', 'closed']) {
      const listener = (message: unknown) => published.push(inspect(message, { depth: 12 }));
      diagnostics.subscribe(`lws-pool:connection:${name}`, listener);
      onTestFinished(() => {
        diagnostics.unsubscribe(`lws-pool:connection:${name}`, listener);
      });
    }
    const pool = await poolUnderTest({ flightRecorder: 256, userTiming: true });
    onTestFinished(() => pool.destroy());
    let sent: string | undefined;
    const port = await answering((socket, request) => {
      sent = headerOf(request, 'Authorization');
      socket.write(switching(request));
    });
    const url = `ws://${IN_URL}127.0.0.1:${port}/path`;
    const connection = await pool.connect(url);
    expect(sent).toBe(`Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`);
    expect(connection.url).toBe(`ws://127.0.0.1:${port}/path`);

    const debugPath = await socketPath();
    await pool.listenDebug(debugPath);
    const watcher = await watch(debugPath);
    const columns = ['id', 'url', 'state'];
    expectNone('debug socket', await watcher.ask({ get: 'connections', columns }));
    for (const request of [{ get: 'stats' }, { get: 'connection', id: connection.id, tcp: true }]) {
      const answer = await watcher.ask(request);
      expect(answer).not.toHaveProperty('error');
      expectNone('debug socket', answer);
    }
    const trace = await socketPath('trace.json');
    await pool.writeTrace(trace);
    expectNone('trace', await readFile(trace, 'latin1'));
    expectNone('connection', connection, connection.url, connection.stats({ tcp: true }));
    expectNone('record', `${connection.flightRecord()}`, connection.flightRecord());
    const records = await pool.flightRecords();
    expectNone('records', records, records.join('\n'));
    expectNone('pool', pool, pool.stats(), process.report.getReport());
    expectNone('timing', performance.getEntries());

    const group = await pool.connectMany(url, {
      count: 1,
      handler: new URL('../fixtures/handlers/plain.mjs', import.meta.url),
    });
    await group.ready;
    expectNone('group', group, group.url);
    await group.terminate();

    const end = ending(connection);
    connection.terminate();
    await end;
    expectNone('published', ...published);
    expect(published.length).toBeGreaterThan(0);
  });

  it.each<[string, answer: string | undefined, timeout?: number]>([
    ['ERR_CONNECTION_REFUSED', undefined],
    ['ERR_HANDSHAKE_TIMEOUT', '', 100],
    ['ERR_UPGRADE_REFUSED', 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'],
    ['ERR_UPGRADE_INVALID', 'SSH-2.0\r\n'],
  ])('are in no error of an opening: %s', async (code, text, timeout) => {
    const pool = await poolUnderTest({ flightRecorder: 256 });
    onTestFinished(() => pool.destroy());
    const port =
      text === undefined
        ? await freePort()
        : await answering((socket) => {
            socket.write(text);
          });
    const options = { timeout };
    const error = await rejection(pool.connect(`ws://${IN_URL}127.0.0.1:${port}/`, options));
    expect(error.code).toBe(code);
    expectNoneIn(error);
  });

  it.each([
    `wss://${IN_URL}h/#part`,
    `ws://${IN_URL}h:99999/`,
    `ws://${IN_URL}h:0/`,
    `ws://${USER} ${IN_URL}h/`,
    `http://${IN_URL}h/`,
    `tcp://${IN_URL}h:1`,
    `ws://${IN_URL}.h/`,
    `ws+unix://${IN_URL}h/run/socket`,
    `unix://${IN_URL}h/run/socket`,
    `ws://${USER}:hunter2%0a@h/`,
    `ws://${IN_URL}h/${'x'.repeat(20_000)}`,
    `ws://${USER}:hunter2/@h/`,
    `WS:${IN_URL}h:0/`,
  ])('are in no error of a URL: %s', async (url) => {
    const pool = await poolUnderTest({});
    onTestFinished(() => pool.destroy());
    expectNoneIn(await rejection(pool.connect(url)));
    expectNoneIn(await rejection(pool.connect(url, { timeout: 1, lookup: () => undefined })));
  });

  it('are not kept by what has read them', () => {
    const { url, authority, host, hostHeader, path } = parseConnectionUrl(`ws://${IN_URL}h/x`);
    expectNone('parts', url, authority, host, hostHeader, path);
  });
});
