import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificate, until } from '../fixtures/leases.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';
import { tshark } from '../fixtures/tshark.js';

const own = usePool();

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lws-pool-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function echoServer(version: 'TLSv1.2' | 'TLSv1.3') {
  const identity = await certificate();
  const tls = { ...identity, minVersion: version, maxVersion: version };
  const port = await wsServer(echo, {}, https.createServer(tls) as never);
  return { url: `wss://localhost:${port}/`, port, ca: identity.cert };
}

/** What tshark makes of fields of a file, by line. */
async function dissect(file: string, filter: string, ...fields: string[]): Promise<string[][]> {
  const names = fields.flatMap((field) => ['-e', field]);
  const shown = await tshark(file, '-Y', filter, '-T', 'fields', ...names);
  return shown
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a capture of %s', (version) => {
  it('is opened decrypted by tshark, from SYN to FIN', async () => {
    const { url, port, ca } = await echoServer(version);
    const file = join(await folder(), 'one.pcapng');
    const connection = await own.pool.connect(url, { tls: { ca, bio: { type: 'capture', file } } });
    for (const text of ['first words', 'x'.repeat(40_000), 'last words']) {
      connection.send(text);
      expect(String((await event(connection, 'message'))[0])).toBe(text);
    }
    await connection.close(1000, 'done');
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const frames = await dissect(file, 'websocket', 'tcp.dstport', 'websocket.payload.text');
    for (const [name, towards] of [
      ['sent', port],
      ['answered', connection.localPort],
    ]) {
      const texts = frames.filter(([to]) => to === `${towards}`).map(([, text]) => text);
      expect(texts.join('\n'), `what was ${name}`).toContain('first words');
      expect(texts.join('\n'), `what was ${name}`).toContain('last words');
    }
    const requests = await dissect(file, 'http.request', 'http.host', 'tcp.dstport', 'ip.dst');
    expect(requests).toEqual([[`localhost:${port}`, `${port}`, '127.0.0.1']]);
    const ours = await dissect(file, 'tcp.flags.syn == 1 && tcp.flags.ack == 0', 'tcp.srcport');
    expect(ours).toEqual([[`${connection.localPort}`]]);
    expect(await dissect(file, 'tcp.flags.fin == 1', 'tcp.srcport')).toEqual(ours);
    // Every byte is there once, in order, and the sums of the headers are right.
    expect(await dissect(file, 'tcp.analysis.flags || _ws.malformed', 'frame.number')).toEqual([]);
    const wrong = await tshark(
      file,
      ...['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'],
      ...['-Y', 'tcp.checksum.status == 0 || ip.checksum.status == 0'],
    );
    expect(wrong).toBe('');
  });
});

it('ends at its limit, says so once, and leaves the traffic alone', async () => {
  const { url, ca } = await echoServer('TLSv1.3');
  const file = join(await folder(), 'short.pcapng');
  const warnings: Error[] = [];
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.code === 'BIO_CAPTURE') warnings.push(warning);
  };
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const connection = await own.pool.connect(url, {
    tls: { ca, bio: { type: 'capture', file, limit: 20_000 } },
  });
  for (let index = 0; index < 20; index++) {
    connection.send('y'.repeat(2_000));
    expect((await event(connection, 'message'))[0]).toHaveLength(2_000);
  }
  const figures = await connection.withLease('shared', ({ tls }) => tls?.bio('capture'));
  expect(figures).toMatchObject({ file, stopped: true });
  const { size } = await stat(file);
  expect(size).toBe(Number(figures?.bytes));
  expect(size).toBeLessThanOrEqual(20_000);
  expect(size).toBeGreaterThan(10_000);
  await until(() => warnings.length > 0, 'the warning');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.message).toContain(file);
  await connection.close();
  expect((await dissect(file, 'websocket', 'frame.number')).length).toBeGreaterThan(2);
});

it('never touches a file that is there, nor follows a link', async () => {
  const { url, ca } = await echoServer('TLSv1.3');
  const path = await folder();
  const there = join(path, 'there');
  await writeFile(there, 'precious');
  const link = join(path, 'link');
  await symlink(join(path, 'elsewhere'), link);
  for (const file of [there, link, join(path, 'no', 'folder')]) {
    const error = await rejection(
      own.pool.connect(url, { tls: { ca, bio: { type: 'capture', file } } }),
    );
    expect(error.code).toBe('ERR_BIO');
    expect(error.message).toContain(file);
  }
  expect(await readFile(there, 'utf8')).toBe('precious');
  await expect(stat(join(path, 'elsewhere'))).rejects.toThrow('ENOENT');
});

it('has a file for each connection where the name says so', async () => {
  const { url, ca } = await echoServer('TLSv1.3');
  const file = join(await folder(), 'of-{id}-{id}.pcapng');
  const tls = { ca, bio: { type: 'capture', file } as const };
  const connections = await Promise.all([1, 2, 3].map(() => own.pool.connect(url, { tls })));
  for (const connection of connections) {
    connection.send(`of ${connection.id}`);
    await event(connection, 'message');
    await connection.close();
    const own = file.replaceAll('{id}', connection.id);
    const frames = await dissect(own, 'websocket', 'websocket.payload.text');
    expect(frames.flat().join()).toContain(`of ${connection.id}`);
  }
});

it('has to begin with the handshake', async () => {
  const { url, ca } = await echoServer('TLSv1.3');
  const connection = await own.pool.connect(url, { tls: { ca } });
  const file = join(await folder(), 'late.pcapng');
  await connection.withLease('exclusive', ({ tls }) => {
    expect(() => tls?.pushBio({ type: 'capture', file })).toThrow('begin with the handshake');
  });
  await expect(stat(file)).rejects.toThrow('ENOENT');
  await connection.close();
});
