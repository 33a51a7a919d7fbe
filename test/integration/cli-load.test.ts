import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { CommandLine, lwsPool, startServe, temporaryDirectory } from '../fixtures/command-line.js';

/** As documented in docs/load-testing.md. */
interface Figures {
  connections: { requested: number; opened: number; failed: number; perSecond: number };
  messages: { sent: number; received: number; lost: number; perSecond: number };
  latencyMicros: Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number>;
  bytes: number;
  errors: { code: string; count: number; message: string }[];
  lease: { tls: { version: string; cipher: string } | null } | null;
  memory: { rssPerConnection: number | null };
  seconds: number;
  threads: number;
}

/** Runs `lws-pool load ... --json -`. */
async function load(...args: string[]): Promise<{ status: number | null; figures: Figures }> {
  const { status, stdout, stderr } = await lwsPool('load', ...args, '--json', '-');
  expect(stderr).not.toContain('lws-pool:');
  return { status, figures: JSON.parse(stdout) as Figures };
}

const SHORT = ['--connections', '20', '--duration', '0.5'];

describe('the summary', () => {
  it.each([
    ['ws://user:secret@127.0.0.1:1/', 'ws://127.0.0.1:1/'],
    ['unix:/nowhere/\u202esocket', 'unix:/nowhere/%E2%80%AEsocket'],
  ])('shows no password, and nothing that a terminal would obey: %j', async (url, shown) => {
    const { stdout } = await lwsPool('load', url, ...SHORT);
    expect(stdout.split('\n')[0]).toBe(shown);
    expect(stdout).not.toContain('secret');
  });
});

describe('a run that succeeds', () => {
  it('ends with 0 and prints all the figures as JSON', async () => {
    const { listening } = await startServe();
    const { status, figures } = await load(listening.url, ...SHORT, '--threads', '2');
    expect(status).toBe(0);
    const { sent } = figures.messages;
    expect(sent).toBeGreaterThan(20);
    expect(figures).toEqual({
      connections: { requested: 20, opened: 20, failed: 0, perSecond: expect.any(Number) },
      messages: { sent, received: sent, lost: 0, perSecond: expect.any(Number) },
      latencyMicros: {
        p50: expect.any(Number),
        p90: expect.any(Number),
        p99: expect.any(Number),
        p999: expect.any(Number),
        max: expect.any(Number),
      },
      bytes: sent * 2 * 64,
      errors: [],
      lease: {
        descriptor: expect.any(Number),
        rttMicros: expect.any(Number),
        congestionWindow: expect.any(Number),
        tls: null,
        heldMicros: expect.any(Number),
      },
      memory: { rssPerConnection: expect.any(Number) },
      seconds: expect.any(Number),
      threads: 2,
    });
    const { p50, p90, p99, p999, max } = figures.latencyMicros;
    expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].sort((a, b) => a - b));
    expect(figures.seconds).toBeGreaterThanOrEqual(0.5);
    expect(figures.messages.perSecond).toBeLessThanOrEqual((sent / 0.5) * 1.01);
  });

  it('prints a summary, plain and no wider than a terminal', async () => {
    const { listening } = await startServe();
    const { status, stdout } = await lwsPool('load', listening.url, ...SHORT);
    expect(status).toBe(0);
    expect(stdout.split('\n')[0]).toBe(listening.url);
    expect(stdout).toMatch(/^ {2}connections +20 {2}opened/m);
    expect(stdout).toMatch(/^ {2}latency +p50 +p90 +p99 +p99\.9 +max$/m);
    expect(stdout).toMatch(/All connections opened and no message was lost\.\n$/);
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows progress in plain lines, away from the summary', async () => {
    const { listening } = await startServe();
    const args = ['load', listening.url, '--connections', '20', '--duration', '2.5'];
    const { stderr, stdout } = await lwsPool(...args);
    expect(stderr).toMatch(/^exchanging 1 of 2\.5 s, [\d,]+\/s answered\n/);
    expect(stdout).not.toContain('exchanging');
  });

  it('writes JSON to a file beside the summary', async () => {
    const { listening } = await startServe();
    const file = join(temporaryDirectory(), 'figures.json');
    const { stdout } = await lwsPool('load', listening.url, ...SHORT, '--json', file);
    expect(stdout).toContain('All connections opened');
    const figures = JSON.parse(readFileSync(file, 'utf8')) as Figures;
    expect(figures.connections.opened).toBe(20);
  });

  it('verifies the certificate against --ca', async () => {
    const file = join(temporaryDirectory(), 'ca.pem');
    const { listening } = await startServe('--ca-out', file);
    const trusting = await load(listening.url, ...SHORT, '--ca', file);
    expect(trusting.status).toBe(0);
    const careless = await load(listening.url, ...SHORT, '--insecure');
    expect(careless.status).toBe(0);
    const careful = await load(listening.url, ...SHORT);
    expect(careful.status).toBe(1);
    expect(careful.figures.errors).toMatchObject([{ code: 'ERR_CERT_UNKNOWN_CA', count: 20 }]);
  });

  it('sends several messages at a time, large ones too', async () => {
    const { listening } = await startServe();
    const { status, figures } = await load(
      ...[listening.url, '--connections', '5', '--duration', '0.5'],
      ...['--size', '200000', '--inflight', '8'],
    );
    expect(status).toBe(0);
    expect(figures.bytes).toBe(figures.messages.sent * 2 * 200_000);
  });

  it('keeps to a rate', async () => {
    const { listening } = await startServe();
    const args = ['--connections', '20', '--duration', '1', '--rate', '2000'];
    const { status, figures } = await load(listening.url, ...args);
    expect(status).toBe(0);
    expect(figures.messages.sent).toBeGreaterThan(1900);
    expect(figures.messages.sent).toBeLessThan(2300);
  });

  it('only opens and closes for --duration 0', async () => {
    const { listening } = await startServe();
    const args = ['--connections', '300', '--duration', '0'];
    const { status, figures } = await load(listening.url, ...args);
    expect(status).toBe(0);
    expect(figures).toMatchObject({
      connections: { opened: 300 },
      messages: { sent: 0, received: 0, lost: 0, perSecond: 0 },
      latencyMicros: { p50: null, max: null },
      seconds: 0,
    });
    expect(figures.connections.perSecond).toBeGreaterThan(0);
  });

  it('speaks raw TCP', async () => {
    const { listening } = await startServe('--raw');
    const { status, figures } = await load(listening.url, ...SHORT, '--inflight', '4');
    expect(status).toBe(0);
    expect(figures.messages.sent).toBeGreaterThan(80);
  });

  it('connects to Unix sockets', async () => {
    const path = join(temporaryDirectory(), 'echo.sock');
    const server = createServer().listen(path);
    const echo = new WebSocketServer({ server });
    echo.on('connection', (peer) => {
      peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
    });
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      rmSync(path, { force: true });
    });
    expect((await load(`ws+unix:${path}:/chat`, ...SHORT)).status).toBe(0);
  });
});

describe('a run that fails ends with 1 and says why', () => {
  it('nobody listens', async () => {
    const { listening, command } = await startServe();
    await command.kill('SIGTERM');
    const { status, figures } = await load(listening.url, ...SHORT);
    expect(status).toBe(1);
    expect(figures.connections).toMatchObject({ requested: 20, opened: 0, failed: 20 });
    expect(figures.errors).toMatchObject([{ code: 'ERR_CONNECTION_REFUSED', count: 20 }]);
    expect(figures.errors[0]?.message).toContain('refused the connection');
    expect(figures.memory.rssPerConnection).toBeNull();
  });

  it('the name does not exist', async () => {
    const { status, figures } = await load('ws://nowhere.invalid/', ...SHORT);
    expect(status).toBe(1);
    expect(figures.connections.failed).toBe(20);
    expect(figures.errors[0]?.code).toMatch(/^ERR_NAME_/);
  });

  it('the server answers nothing', async () => {
    const { listening } = await startServe('--mode', 'sink');
    const { status, figures } = await load(listening.url, ...SHORT, '--grace', '0.3');
    expect(status).toBe(1);
    expect(figures.messages).toMatchObject({ sent: 20, received: 0, lost: 20 });
  });

  it('the server is no echo', async () => {
    const { listening } = await startServe('--mode', 'flood', '--size', '100');
    const { status, figures } = await load(
      listening.url,
      '--connections',
      '3',
      '--duration',
      '0.5',
    );
    expect(status).toBe(1);
    // What else goes wrong while a flood is closed is not what this is about.
    expect(figures.errors.map(({ code }) => code)).toContain('ERR_NO_ECHO');
  });

  it('the server closes its connections', async () => {
    const { listening } = await startServe('--mode', 'close');
    const { status, figures } = await load(listening.url, ...SHORT);
    expect(status).toBe(1);
    expect(figures.messages).toMatchObject({ sent: 20, received: 0, lost: 20 });
    expect(figures.errors).toMatchObject([{ code: 'ERR_CLOSED_EARLY', count: 20 }]);
    // There is nothing to wait for any more.
    expect(figures.seconds).toBeLessThan(0.5);
  });

  it('the server dies', async () => {
    const { listening, command } = await startServe();
    const run = new CommandLine(['load', listening.url, '--connections', '20', '--duration', '60']);
    await run.untilPrinted('stderr', /exchanging/);
    await command.kill('SIGKILL');
    const { status, stdout } = await run.outcome();
    expect(status).toBe(1);
    expect(stdout).toMatch(/failures +20 {2}ERR_CONNECTION_LOST\n/);
    expect(stdout).toMatch(/20 connections broke, 20 messages lost\.\n$/);
  });
});

describe('wrong use ends with 2', () => {
  it.each([
    ['http://127.0.0.1/', /^lws-pool: ERR_INVALID_URL: .*Use ws:\/\/ in its place\.\n$/],
    ['127.0.0.1:80', /^lws-pool: ERR_INVALID_URL: /],
    ['ws://127.0.0.1/#part', /^lws-pool: ERR_INVALID_URL: /],
  ])('lws-pool load %s', async (url, message) => {
    const { status, stderr, stdout } = await lwsPool('load', url, ...SHORT);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('Ctrl+C', () => {
  it('ends the run early, with a summary', async () => {
    const { listening } = await startServe();
    const run = new CommandLine(['load', listening.url, '--connections', '20', '--duration', '60']);
    await run.untilPrinted('stderr', /exchanging/);
    const { status, stdout } = await run.kill('SIGINT');
    expect(status).toBe(0);
    expect(stdout).toContain('Interrupted: the run ended early.');
    expect(stdout).toContain('no message was lost');
  });

  it('ends the opening, too', async () => {
    // It takes connections and never answers.
    const server = createServer().on('upgrade', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const run = new CommandLine(['load', `ws://127.0.0.1:${port}/`, '--connections', '500']);
    await run.untilPrinted('stderr', /opening 0 of 500/);
    const { status, signal, stdout } = await run.kill('SIGINT');
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stdout).toContain('Interrupted');
  });
});
