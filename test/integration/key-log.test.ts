import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createPool, type TlsOptions } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificate } from '../fixtures/leases.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';
import { tshark } from '../fixtures/tshark.js';

const own = usePool();
const run = promisify(execFile);
const HANDLER = new URL('../fixtures/handlers/recording.mjs', import.meta.url);
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lws-pool-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A server, and the lines of its own key log. */
async function server(version: (typeof VERSIONS)[number] = 'TLSv1.3') {
  const identity = await certificate();
  const made = https.createServer({ ...identity, minVersion: version, maxVersion: version });
  const lines: string[] = [];
  made.on('keylog', (line: Buffer) => lines.push(line.toString()));
  const port = await wsServer(echo, {}, made as never);
  return { port, url: `wss://localhost:${port}/`, ca: identity.cert, lines, https: made };
}

/** Opens a connection, exchanges a message and closes it again. */
async function talk(url: string, tls: TlsOptions): Promise<void> {
  const connection = await own.pool.connect(url, { tls });
  connection.send('hello');
  await event(connection, 'message');
  await connection.close();
}

/** In one order: the ends of a connection make their secrets in different ones. */
const sorted = (lines: readonly string[]) => [...lines].sort();
const linesOf = async (file: string) =>
  (await readFile(file, 'utf8')).split(/(?<=\n)/).filter((line) => line !== '');

describe.each(VERSIONS)('keys of %s', (version) => {
  it('in a file: those of the server, for full handshakes and resumed ones', async () => {
    const { url, ca, lines } = await server(version);
    const file = join(await folder(), 'keys');
    for (let i = 0; i < 3; i++) await talk(url, { ca, keylog: file });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(sorted(await linesOf(file))).toEqual(sorted(lines));
    const label = version === 'TLSv1.2' ? 'CLIENT_RANDOM' : 'CLIENT_TRAFFIC_SECRET_0';
    expect(lines.filter((line) => line.startsWith(`${label} `)).length).toBe(3);
  });

  it('as events, which wait for whoever listens when connect() has resolved', async () => {
    const { url, ca, lines } = await server(version);
    const connection = await own.pool.connect(url, { tls: { ca, keylog: true } });
    const heard: string[] = [];
    connection.on('keylog', (line) => heard.push(line.toString()));
    connection.send('hello');
    await event(connection, 'message');
    expect(sorted(heard)).toEqual(sorted(lines));
    expect(heard.every((line) => /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+\n$/.test(line))).toBe(true);
    await connection.close();
  });

  it('decrypt what tcpdump would have written, in tshark', async () => {
    const { url, ca } = await server(version);
    const place = await folder();
    const [file, keylog] = [join(place, 'one.pcapng'), join(place, 'keys')];
    await talk(url, { ca, keylog, bio: { type: 'capture', file } });
    // The capture, without the secrets that it holds itself.
    const bare = join(place, 'bare.pcap');
    await tshark(file, '-F', 'pcap', '-w', bare);
    const texts = (...options: string[]) =>
      tshark(bare, ...options, '-Y', 'http', '-T', 'fields', '-e', 'http.host');
    expect(await texts()).not.toContain('localhost');
    expect(await texts('-o', `tls.keylog_file:${keylog}`)).toContain('localhost');
  });
});

it('a group tells its handler, and a single connection both', async () => {
  const { url, ca, lines } = await server();
  const options = { handler: HANDLER, tls: { ca, keylog: true } };
  const group = await own.pool.connectMany(url, { ...options, count: 3 });
  const told: string[] = [];
  group.on('post', (value) => told.push((value as { line?: string }).line ?? ''));
  await group.ready;
  await group.close();
  expect(sorted(told.filter((line) => line !== ''))).toEqual(sorted(lines));

  lines.length = 0;
  const single = await own.pool.connect(url, options);
  const heard: string[] = [];
  single.on('keylog', (line) => heard.push(line.toString()));
  await new Promise(setImmediate);
  await single.close();
  expect(sorted(heard)).toEqual(sorted(lines));
});

it('nothing is told or written where nobody asked for it', async () => {
  const { url, ca } = await server();
  const connection = await own.pool.connect(url, { tls: { ca } });
  let heard = 0;
  connection.on('keylog', () => heard++);
  connection.send('hello');
  await event(connection, 'message');
  expect(heard).toBe(0);
  await connection.close();
});

describe('a file that cannot be used is an error of the call, before anything is sent', () => {
  it.each([
    ['a directory', (place: string) => place, 'it is a directory'],
    ['one in a folder that is not there', (place: string) => join(place, 'no/such'), 'ENOENT'],
    ['a device', () => '/dev/null', 'it is not a regular file'],
  ])('%s', async (_name, path, reason) => {
    const { url, ca, lines } = await server();
    const keylog = path(await folder());
    const details = { file: keylog, reason };
    const code = 'ERR_KEYLOG';
    expect(await rejection(own.pool.connect(url, { tls: { ca, keylog } }))).toMatchObject({
      ...{ code, details },
    });
    const many = { tls: { ca, keylog }, handler: HANDLER, count: 1 };
    expect(await rejection(own.pool.connectMany(url, many))).toMatchObject({ code, details });
    expect(await rejection(createPool({ threads: 1, tls: { keylog } }))).toMatchObject({
      ...{ code, details },
    });
    expect(lines).toEqual([]);
  });

  it('one that others may read, and a symbolic link', async () => {
    const { url, ca } = await server();
    const place = await folder();
    const open = join(place, 'open');
    await writeFile(open, '', { mode: 0o600 });
    const link = join(place, 'link');
    await symlink(open, link);
    expect(await rejection(own.pool.connect(url, { tls: { ca, keylog: link } }))).toMatchObject({
      ...{ code: 'ERR_KEYLOG', details: { reason: 'it is a symbolic link' } },
    });
    await chmod(open, 0o644);
    const error = await rejection(own.pool.connect(url, { tls: { ca, keylog: open } }));
    expect(error.message).toContain('chmod 600');
    await chmod(open, 0o600);
    await talk(url, { ca, keylog: open });
    expect((await linesOf(open)).length).toBeGreaterThan(0);
  });

  it('one that was moved away since is made anew', async () => {
    const { url, ca } = await server();
    const file = join(await folder(), 'keys');
    await talk(url, { ca, keylog: file });
    await rm(file);
    await talk(url, { ca, keylog: file });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await linesOf(file)).length).toBeGreaterThan(0);
  });
});

it('SSLKEYLOGFILE counts only where it is allowed to, and less than keylog', async () => {
  const { url, ca, lines } = await server();
  const place = await folder();
  const [named, given] = [join(place, 'named'), join(place, 'given')];
  const before = process.env.SSLKEYLOGFILE;
  process.env.SSLKEYLOGFILE = named;
  onTestFinished(() => {
    if (before === undefined) delete process.env.SSLKEYLOGFILE;
    else process.env.SSLKEYLOGFILE = before;
  });
  await talk(url, { ca });
  await talk(url, { ca, keylogFromEnv: false });
  await expect(stat(named)).rejects.toMatchObject({ code: 'ENOENT' });
  lines.length = 0;
  await talk(url, { ca, keylogFromEnv: true });
  expect(sorted(await linesOf(named))).toEqual(sorted(lines));
  lines.length = 0;
  await talk(url, { ca, keylogFromEnv: true, keylog: given });
  expect(sorted(await linesOf(given))).toEqual(sorted(lines));
});

it('several processes append to one file, line by line', async () => {
  const { url, ca, lines } = await server();
  const place = await folder();
  const [file, authority] = [join(place, 'keys'), join(place, 'ca.pem')];
  await writeFile(authority, ca);
  const program = fileURLToPath(new URL('../fixtures/programs/key-log.mjs', import.meta.url));
  const argv = [program, url, authority, file, '40'];
  await Promise.all([1, 2].map(() => run(process.execPath, argv, { timeout: 60_000 })));
  expect(sorted(await linesOf(file))).toEqual(sorted(lines));
});

it('a disk that becomes full is told once, and traffic goes on', async () => {
  const { url, ca } = await server();
  const place = await folder();
  const [file, authority] = [join(place, 'keys'), join(place, 'ca.pem')];
  await writeFile(authority, ca);
  const program = fileURLToPath(new URL('../fixtures/programs/key-log.mjs', import.meta.url));
  const script = 'ulimit -f 2; exec "$0" "$@"'; // blocks of 512 bytes
  const argv = ['-c', script, process.execPath, program, url, authority, file, '5'];
  const { stdout } = await run('sh', argv, { timeout: 60_000 });
  expect(JSON.parse(stdout)).toEqual({ echoed: 5, warnings: ['KEYLOG'] });
});
