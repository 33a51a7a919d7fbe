import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAuthority } from '../fixtures/certificates.js';
import { CommandLine, lwsPool, startServe, temporaryDirectory } from '../fixtures/command-line.js';

async function open(url: string, options: { ca?: Buffer; origin?: string } = {}) {
  const socket = new WebSocket(url, options);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function echoed(socket: WebSocket, text: string | Buffer): Promise<unknown> {
  socket.send(text);
  const [data, isBinary] = await once(socket, 'message');
  return isBinary ? data : String(data);
}

describe('lws-pool serve', () => {
  it('says where it listens in one line of JSON', async () => {
    const { listening, command } = await startServe();
    const { port } = listening;
    expect(port).toBeGreaterThan(0);
    expect(listening).toEqual({
      host: '127.0.0.1',
      port,
      url: `ws://127.0.0.1:${port}/`,
      urls: [`ws://127.0.0.1:${port}/`],
      tls: false,
      mode: 'echo',
    });
    expect(command.stdout.split('\n')).toHaveLength(2);
  });

  it('says it to people, too', async () => {
    const command = new CommandLine(['serve']);
    await command.untilPrinted('stdout', /\n/);
    expect(command.stdout).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ {2}echo, until Ctrl\+C\n$/);
    const { stdout, stderr, status } = await command.kill('SIGINT');
    expect(stdout).toMatch(/\n0 connections, 0 messages, 0 B received\n$/);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it('is heard at its own address only', async () => {
    const { listening } = await startServe();
    const socket = connect({ host: '127.0.0.2', port: listening.port });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s and counts', async (signal) => {
    const { listening, command } = await startServe();
    const socket = await open(listening.url);
    expect(await echoed(socket, 'hello')).toBe('hello');
    const { status, stdout, stderr } = await command.kill(signal);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const counts = JSON.parse(stdout.split('\n')[1] ?? '');
    expect(counts).toEqual({ opened: 1, closed: 0, messages: 1, bytes: 5 });
  });

  it('ends with its parent', async () => {
    const { command } = await startServe('--exit-with-parent');
    command.process.stdin.end();
    expect(await command.outcome()).toMatchObject({ status: 0, stderr: '' });
  });

  it('listens again where it listened', async () => {
    const first = await startServe();
    const socket = await open(first.listening.url);
    await echoed(socket, 'hello');
    await first.command.kill('SIGTERM');
    const again = await startServe('--port', String(first.listening.port));
    expect(again.listening.port).toBe(first.listening.port);
  });

  it('listens on several ports and counts all of them together', async () => {
    const { listening, command } = await startServe('--port', '0', '--port', '0');
    expect(new Set(listening.urls).size).toBe(2);
    expect(listening.urls[0]).toBe(listening.url);
    for (const url of listening.urls) expect(await echoed(await open(url), 'hello')).toBe('hello');
    const { stdout } = await command.kill('SIGTERM');
    expect(JSON.parse(stdout.split('\n')[1] ?? '')).toMatchObject({ opened: 2, messages: 2 });
  });

  it('says which of several ports it cannot have', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await lwsPool('serve', '--port', '0', '--port', String(port))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `ERR_LISTEN: The target cannot listen on 127.0.0.1:${port} (EADDRINUSE`,
      ),
    });
    server.close();
  });

  it('says why it cannot listen', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await lwsPool('serve', '--port', String(port))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `ERR_LISTEN: The target cannot listen on 127.0.0.1:${port} (EADDRINUSE`,
      ),
    });
    server.close();
  });
});

describe('over TLS', () => {
  it.each(['localhost', '127.0.0.1', '::1'])('is trusted as %s by its authority', async (host) => {
    const file = join(temporaryDirectory(), 'ca.pem');
    const { listening } = await startServe('--ca-out', file, '--host', host);
    expect(listening).toMatchObject({ tls: true, ca: file, host });
    const socket = await open(listening.url, { ca: readFileSync(file) });
    expect(await echoed(socket, Buffer.alloc(100_000, 7))).toEqual(Buffer.alloc(100_000, 7));
  });

  it('is not trusted without', async () => {
    const { listening } = await startServe('--tls');
    expect(listening.ca).toBeUndefined();
    await expect(open(listening.url)).rejects.toThrow(/verify|self-signed|issuer/);
  });

  it('shows a certificate that it is given', async () => {
    const directory = temporaryDirectory();
    const { valid, ca } = await createAuthority();
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    writeFileSync(cert, valid.cert);
    writeFileSync(key, valid.key);
    const { listening } = await startServe('--cert', cert, '--key', key, '--host', 'localhost');
    const socket = await open(listening.url, { ca: Buffer.from(ca) });
    expect(await echoed(socket, 'hello')).toBe('hello');
  });

  it('survives clients that go in the middle of the handshake', async () => {
    const file = join(temporaryDirectory(), 'ca.pem');
    const { listening } = await startServe('--ca-out', file);
    for (let round = 0; round < 5; round++) {
      const goers = Array.from({ length: 20 }, () => {
        const socket = connect({ host: '127.0.0.1', port: listening.port });
        socket.on('error', () => undefined);
        // The first half of a record: the handshake has begun and never goes on.
        socket.on('connect', () => socket.write(Buffer.from('160301', 'hex')));
        return socket;
      });
      await Promise.all(goers.map((socket) => once(socket, 'connect')));
      const socket = await open(listening.url, { ca: readFileSync(file) });
      expect(await echoed(socket, 'still here')).toBe('still here');
      for (const goer of goers) goer.resetAndDestroy();
    }
  });
});

describe('modes', () => {
  it('sink takes everything and says nothing', async () => {
    const { listening, command } = await startServe('--mode', 'sink');
    const socket = await open(listening.url);
    socket.on('message', () => expect.unreachable());
    socket.send('one');
    socket.send('two');
    socket.close(1000);
    await once(socket, 'close');
    const { stdout } = await command.kill('SIGTERM');
    const counts = JSON.parse(stdout.split('\n')[1] ?? '');
    expect(counts).toEqual({ opened: 1, closed: 1, messages: 2, bytes: 6 });
  });

  it('flood sends messages of one size', async () => {
    const { listening } = await startServe('--mode', 'flood', '--size', '1000');
    const socket = new WebSocket(listening.url);
    onTestFinished(() => socket.terminate());
    let count = 0;
    await new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        expect(data).toHaveLength(1000);
        if (++count === 5000) resolve();
      });
    });
  });

  it('close closes at the first message', async () => {
    const { listening } = await startServe('--mode', 'close');
    const socket = await open(listening.url);
    socket.send('bye');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
  });

  it('refuses messages over --max-payload', async () => {
    const { listening } = await startServe('--max-payload', '10');
    const socket = await open(listening.url);
    expect(await echoed(socket, '0123456789')).toBe('0123456789');
    socket.send('0123456789a');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1009);
  });
});

describe('--raw', () => {
  it('echoes bytes', async () => {
    const { listening } = await startServe('--raw');
    expect(listening.url).toBe(`tcp://127.0.0.1:${listening.port}`);
    const socket = connect({ host: '127.0.0.1', port: listening.port });
    socket.write('hello');
    const [data] = await once(socket, 'data');
    expect(String(data)).toBe('hello');
    socket.end();
    await once(socket, 'close');
  });

  it('echoes bytes over TLS', async () => {
    const file = join(temporaryDirectory(), 'ca.pem');
    const { listening } = await startServe('--raw', '--ca-out', file);
    expect(listening.url).toBe(`tls://127.0.0.1:${listening.port}`);
    const socket = connectTls({
      host: '127.0.0.1',
      port: listening.port,
      ca: readFileSync(file),
    });
    socket.write('hello');
    const [data] = await once(socket, 'data');
    expect(String(data)).toBe('hello');
    socket.destroy();
  });
});
