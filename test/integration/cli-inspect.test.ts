import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import tls from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import type { InspectReport } from '../../tools/src/inspect/report.js';
import { createAuthority, identity } from '../fixtures/certificates.js';
import {
  CommandLine,
  lwsPool,
  type Outcome,
  temporaryDirectory,
} from '../fixtures/command-line.js';
import {
  afterUpgrade,
  answering,
  closePayload,
  echo,
  frame,
  freePort,
  listen,
  socketPath,
  switching,
  tcpServer,
  tlsServer,
  wsServer,
} from '../fixtures/servers.js';

let made: Awaited<ReturnType<typeof createAuthority>>;
beforeAll(async () => {
  made = await createAuthority();
});

/** Runs `lws-pool inspect ... --json`. */
async function inspect(...args: string[]): Promise<InspectReport> {
  const { status, stdout, stderr } = await lwsPool('inspect', ...args, '--json');
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as InspectReport;
  expect(status).toBe(report.exitStatus);
  return report;
}

/** Runs it for people, and checks what is true of every page. */
async function page(...args: string[]): Promise<{ status: number | null; text: string }> {
  const { status, stdout, stderr } = await lwsPool('inspect', ...args);
  expect(stderr).toBe('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  return { status, text: stdout };
}

function authorityFile(pem = made.ca): string {
  const file = join(temporaryDirectory(), 'ca.pem');
  writeFileSync(file, pem);
  return file;
}

const secure = (options: https.ServerOptions) =>
  wsServer(echo, {}, https.createServer(options) as never);

describe('an endpoint that works', () => {
  it('ends with 0 and shows the whole of a plain WebSocket', async () => {
    const port = await wsServer(echo);
    const report = await inspect(`ws://127.0.0.1:${port}/chat`);
    expect(report).toMatchObject({
      ...{ url: `ws://127.0.0.1:${port}/chat`, ok: true, exitStatus: 0, problem: null },
      ...{ warnings: [], name: null, tls: null },
      address: { remote: `127.0.0.1:${port}`, attempts: 1, failed: [] },
      websocket: { response: { status: 101, body: null }, protocol: '', extensions: '' },
      pings: { sent: 3, answered: 3 },
    });
    expect(report.address?.local).toMatch(/^127\.0\.0\.1:\d+$/);
    const { phases, socket, websocket, pings } = report;
    expect(phases).toMatchObject({ lookup: null, tls: null });
    expect(phases.tcp).toBeGreaterThan(0);
    expect(phases.upgrade).toBeGreaterThan(0);
    expect(phases.total).toBeCloseTo((phases.tcp ?? 0) + (phases.upgrade ?? 0), 2);
    expect(socket).toMatchObject({ noDelay: true, keepAlive: expect.any(Boolean) });
    expect(socket?.receiveBuffer).toBeGreaterThan(0);
    expect(socket?.tcpInfo).toMatchObject({ state: 'ESTABLISHED', sndMss: expect.any(Number) });
    expect(websocket?.request.line).toBe('GET /chat HTTP/1.1');
    expect(websocket?.request.headers[0]).toEqual(['Host', `127.0.0.1:${port}`]);
    expect(websocket?.response?.headers).toContainEqual(['upgrade', 'websocket']);
    expect(pings?.min).toBeLessThanOrEqual(pings?.mean ?? 0);
    expect(pings?.mean).toBeLessThanOrEqual(pings?.max ?? 0);
  });

  it('shows the request as it was sent', async () => {
    let sent = '';
    const port = await answering((socket, text) => {
      sent = text;
      socket.write(switching(text, 'Sec-WebSocket-Protocol: chat'));
    });
    const url = `ws://127.0.0.1:${port}/a?b=1`;
    const more = ['-H', 'X-Room: 1', '-H', 'X-Room: 2', '-H', 'Origin: https://a.example'];
    const { websocket } = await inspect(url, ...more, '--protocol', 'chat', '--pings', '0');
    const { line = '', headers = [] } = websocket?.request ?? {};
    const lines = [line, ...headers.map((header) => header.join(': '))];
    expect(lines.toSorted()).toEqual(
      sent
        .trimEnd()
        .replace(/^Sec-WebSocket-Key: .*$/m, 'Sec-WebSocket-Key: (random)')
        .split('\r\n')
        .toSorted(),
    );
  });

  it('shows a name, its address, TLS and the certificate', async () => {
    const port = await secure({ ...made.chained, ca: made.ca });
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report.problem).toBeNull();
    expect(report.name?.host).toBe('localhost');
    expect(report.name?.addresses).toContainEqual({ address: '127.0.0.1', family: 4 });
    for (const time of Object.values(report.phases)) expect(time).toBeGreaterThan(0);
    expect(report.tls).toMatchObject({
      ...{ source: 'connection', version: 'TLSv1.3', alpn: 'http/1.1', servername: 'localhost' },
      ...{ verified: true, verifyError: null, resumption: 'resumed', ocspBytes: null },
      // The preferred one differs: OpenSSL 3.5 begins with X25519MLKEM768.
      group: expect.stringMatching(/^(x25519|secp256r1)/i),
      chain: [
        {
          ...{ subject: 'CN=issued.test', issuer: 'CN=lws-pool test intermediate' },
          ...{ keyType: 'ec', keySize: 'prime256v1', daysLeft: 29 },
          altNames: ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'],
          fingerprint256: expect.stringMatching(/^([\dA-F]{2}:){31}[\dA-F]{2}$/),
        },
        { subject: 'CN=lws-pool test intermediate', issuer: 'CN=lws-pool test CA' },
      ],
    });
  });

  it('is a page as well', async () => {
    const port = await secure(made.valid);
    const { status, text } = await page(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(status).toBe(0);
    expect(text.split('\n')[0]).toBe(`wss://localhost:${port}/`);
    expect(text).toMatch(/^ {2}verification {3}good$/m);
    expect(text).toMatch(/^ {2}pings {10}3 of 3 answered: min /m);
    expect(text).toMatch(/\n\n {2}The endpoint works\.\n$/);
  });

  it('resumes no session where that is not wanted, or the server gives none', async () => {
    const port = await secure(made.valid);
    const url = `wss://localhost:${port}/`;
    const ca = authorityFile();
    expect((await inspect(url, '--ca', ca, '--no-resume')).tls?.resumption).toBe('not tried');
    const { SSL_OP_NO_TICKET } = await import('node:constants');
    const without = await secure({
      ...made.valid,
      ...{ secureOptions: SSL_OP_NO_TICKET, maxVersion: 'TLSv1.2' },
    });
    const report = await inspect(`wss://localhost:${without}/`, '--ca', ca);
    expect(report.tls).toMatchObject({ version: 'TLSv1.2' });
    expect(report.tls?.resumption).not.toBe('resumed');
  });

  it('shows that a response of OCSP is stapled', async () => {
    const server = https.createServer(made.valid);
    server.on('OCSPRequest', (_certificate, _issuer, callback) => {
      callback(null, Buffer.from('stapled'));
    });
    const port = await wsServer(echo, {}, server as never);
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report.tls?.ocspBytes).toBe(7);
  });

  it('warns of a certificate that expires soon', async () => {
    const soon = await identity('soon.test', {
      issuer: made.root,
      to: new Date(Date.now() + 5.5 * 24 * 60 * 60 * 1000),
    });
    const port = await secure(soon);
    const { status, text } = await page(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(status).toBe(0);
    expect(text).toContain('The certificate "CN=soon.test" expires in 5 days.\n');
  });

  it('is one with --insecure, and says what was overlooked', async () => {
    const port = await secure(made.expired);
    const report = await inspect(`wss://localhost:${port}/`, '--insecure');
    expect(report).toMatchObject({ ok: true, tls: { verified: false, source: 'connection' } });
    expect(report.warnings[0]).toMatch(/overlooked \(--insecure\): /);
  });

  it('shows the certificate to a server that asks for one', async () => {
    const port = await secure({ ...made.valid, requestCert: true, ca: made.ca });
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'cert.pem'), made.client.cert);
    writeFileSync(join(folder, 'key.pem'), made.client.key);
    const own = ['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')];
    const url = `wss://localhost:${port}/`;
    const report = await inspect(url, '--ca', authorityFile(), ...own);
    expect(report).toMatchObject({ ok: true, tls: { resumption: 'resumed' } });
    expect(await inspect(url, '--ca', authorityFile())).toMatchObject({
      exitStatus: 21,
      problem: { advice: expect.stringContaining('--cert and --key') },
    });
  });

  it('is a subprotocol that was asked for', async () => {
    const port = await wsServer(echo, { handleProtocols: () => 'chat' });
    const args = ['--protocol', 'other', '--protocol', 'chat'];
    const report = await inspect(`ws://127.0.0.1:${port}/`, ...args);
    expect(report).toMatchObject({ ok: true, websocket: { protocol: 'chat' } });
    expect(report.websocket?.request.headers).toContainEqual([
      'Sec-WebSocket-Protocol',
      'other, chat',
    ]);
  });

  it('may be plain TCP', async () => {
    const port = await tcpServer(() => undefined);
    const report = await inspect(`tcp://127.0.0.1:${port}`);
    expect(report).toMatchObject({ ok: true, websocket: null, pings: null, tls: null });
    expect(report.socket?.tcpInfo?.state).toBe('ESTABLISHED');
  });

  it('may be a Unix socket', async () => {
    const path = await socketPath();
    await tcpServer(() => undefined, { path });
    const report = await inspect(`unix:${path}`);
    expect(report).toMatchObject({ ok: true, address: { remote: path, local: null } });
    expect(report.socket).toMatchObject({ noDelay: null, tcpInfo: null });
    const web = await socketPath();
    const server = http.createServer();
    const { WebSocketServer } = await import('ws');
    new WebSocketServer({ server }).on('connection', echo);
    await listen(server, { path: web });
    expect(await inspect(`ws+unix:${web}:/chat`)).toMatchObject({
      ok: true,
      websocket: { request: { line: 'GET /chat HTTP/1.1' } },
      pings: { answered: 3 },
    });
  });

  it('writes JSON to a file beside the page, and sends no pings where none are wanted', async () => {
    const port = await wsServer(echo);
    const file = join(temporaryDirectory(), 'report.json');
    const { text } = await page(`ws://127.0.0.1:${port}/`, '--pings', '0', '--json', file);
    expect(text).toContain('The endpoint works.');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ ok: true, pings: null });
  });
});

describe('what is shown is safe', () => {
  it('hides it in a URL that is none, as well', async () => {
    const { status, stderr } = await lwsPool('inspect', 'ws://a:hush@h/?token=hush&room=1#x');
    expect(status).toBe(2);
    expect(stderr).toContain('?token=***&room=1#x');
    expect(stderr).not.toContain('hush');
  });

  it('hides what may be a secret', async () => {
    let request = '';
    const port = await answering((socket, text) => {
      request = text;
      socket.write(switching(text, 'Set-Cookie: sid=s3cret', 'X-Powered-By: tests'));
    });
    const args = [`ws://user:s3cret@127.0.0.1:${port}/?token=s3cret&room=1`, '--pings', '0'];
    const headers = ['-H', 'X-Api-Key: s3cret', '-H', 'Cookie: a=s3cret', '-H', 'X-Room: 1'];
    for (const format of [[], ['--json']]) {
      const { status, stdout } = await lwsPool('inspect', ...args, ...headers, ...format);
      expect(status).toBe(0);
      expect(stdout).not.toContain('s3cret');
      expect(stdout).toContain('/?token=***&room=1');
      expect(stdout).toContain('tests');
    }
    expect(request).toContain('X-Api-Key: s3cret\r\n');
    expect(request).toContain('X-Room: 1\r\n');
    expect(request).toMatch(/^Authorization: Basic /m);
  });

  it('escapes what would drive a terminal', async () => {
    const evil = '\u001b[2Jevil\u009b31m\u202e';
    const port = await answering((socket) => {
      socket.end(`HTTP/1.1 403 No\r\nX-Request-Id: \u202e\r\n\r\n${evil}\r\n`);
    });
    const { text } = await page(`ws://127.0.0.1:${port}/`);
    expect(text).toContain('body           \\u001b[2Jevil\\u009b31m\\u202e\n');
    const { stdout } = await lwsPool('inspect', `ws://127.0.0.1:${port}/`, '--json');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect((JSON.parse(stdout) as InspectReport).websocket?.response?.body).toContain(evil);
  });

  it('escapes names of certificates', async () => {
    const port = await secure(await identity('evil\u001b[2J', { names: ['localhost'] }));
    const { status, text } = await page(`wss://localhost:${port}/`);
    expect(status).toBe(25);
    expect(text).toContain('CN=evil');
  });
});

describe('a network that does not lead there', () => {
  it('10: the name does not exist', async () => {
    const report = await inspect('ws://nowhere.invalid/');
    // Without a name server the look-up itself fails.
    expect([10, 11]).toContain(report.exitStatus);
    expect(report.problem?.code).toMatch(/^ERR_NAME_/);
    expect(report).toMatchObject({ name: { host: 'nowhere.invalid' }, address: null });
  });

  it('12: the connection is refused', async () => {
    const port = await freePort();
    const { status, text } = await page(`wss://localhost:${port}/`);
    expect(status).toBe(12);
    expect(text).toMatch(/^ {2}name {11}localhost: .*127\.0\.0\.1/m);
    expect(text).toContain(`  localhost:${port} (127.0.0.1) refuses connections.\n`);
    expect(text).toContain('ss -ltn');
  });

  it('12: the Unix socket does not exist', async () => {
    const path = await socketPath('missing');
    expect(await inspect(`unix:${path}`)).toMatchObject({
      exitStatus: 12,
      problem: { code: 'ERR_CONNECTION_REFUSED', advice: expect.stringContaining('ss -lx') },
    });
  });

  it('14: nobody answers the request, or speaks TLS', async () => {
    const port = await tcpServer(() => undefined);
    const plain = await inspect(`ws://127.0.0.1:${port}/`, '--timeout', '2');
    expect(plain).toMatchObject({ exitStatus: 14, address: { remote: `127.0.0.1:${port}` } });
    expect(plain.problem?.headline).toContain('still in upgrade after 2 s');
    const secured = await inspect(`wss://127.0.0.1:${port}/`, '--timeout', '2');
    expect(secured).toMatchObject({ exitStatus: 14, tls: null });
    expect(secured.problem?.headline).toContain('still in TLS');
  });

  it('15: the connection is cut', async () => {
    const port = await answering((socket) => socket.destroy());
    const report = await inspect(`ws://127.0.0.1:${port}/`);
    expect(report).toMatchObject({ exitStatus: 15, problem: { code: 'ERR_CONNECTION_RESET' } });
  });

  it('15: the port speaks TLS and the URL does not', async () => {
    const port = await secure(made.valid);
    const report = await inspect(`ws://127.0.0.1:${port}/`);
    expect([15, 31]).toContain(report.exitStatus);
    expect(report.problem?.advice).toContain('use wss://');
  });
});

describe('TLS that comes to nothing', () => {
  it('20: no version in common', async () => {
    const port = await secure({
      ...made.valid,
      ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
    });
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report).toMatchObject({
      exitStatus: 20,
      problem: { headline: expect.stringContaining('nothing newer than TLSv1.1') },
      tls: { source: 'second look', version: 'TLSv1.1' },
    });
  });

  it('21: the port speaks no TLS', async () => {
    const port = await wsServer(echo);
    const report = await inspect(`wss://127.0.0.1:${port}/`);
    expect(report).toMatchObject({ exitStatus: 21, tls: null });
    expect(report.problem?.advice).toContain('does not speak TLS');
  });

  it('21: an alert', async () => {
    const port = await tlsServer({ ...made.valid, ALPNProtocols: ['other'] }, () => undefined);
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report).toMatchObject({ exitStatus: 21, problem: { code: 'ERR_TLS_HANDSHAKE' } });
  });

  it('21: an alert that a reset has overtaken', async () => {
    let handshakes = 0;
    const server = tls.createServer({ ...made.valid, requestCert: true, ca: made.ca });
    server.on('tlsClientError', () => undefined);
    const port = await tcpServer((socket) => {
      // Of the first connection nothing comes back once the server has judged it.
      if (++handshakes === 1) socket.once('data', () => socket.resetAndDestroy());
      else server.emit('connection', socket);
    });
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report).toMatchObject({
      exitStatus: 21,
      problem: { advice: expect.stringContaining('--cert and --key') },
    });
  });

  it.each([
    [22, 'expired', 'ERR_CERT_EXPIRED', 'CN=expired.test'],
    [23, 'notYetValid', 'ERR_CERT_NOT_YET_VALID', 'CN=early.test'],
    [24, 'otherHost', 'ERR_CERT_HOSTNAME', 'CN=other.test'],
    [25, 'selfSigned', 'ERR_CERT_SELF_SIGNED', 'CN=alone.test'],
    [26, 'broken', 'ERR_CERT_UNKNOWN_CA', 'CN=issued.test'],
  ] as const)(
    '%i: a certificate that is %s, shown all the same',
    async (status, which, code, subject) => {
      let requests = 0;
      const server = https.createServer(made[which], () => requests++);
      server.on('upgrade', () => requests++);
      const port = await listen(server);
      const args = [`wss://localhost:${port}/`, '--ca', authorityFile()];
      const report = await inspect(...args, '-H', 'Authorization: Bearer s3cret');
      expect(report).toMatchObject({
        ...{ ok: false, exitStatus: status, problem: { code }, websocket: null },
        tls: { source: 'second look', verified: false, chain: [{ subject }] },
      });
      expect(report.phases.tcp).toBeGreaterThan(0);
      expect(report.phases.tls).toBeGreaterThan(0);
      const { text } = await page(...args);
      expect(text).toContain('a second look: nothing was verified, no request sent\n');
      expect(text).toContain(subject);
      // Whoever has such a certificate gets no request, and none of its credentials.
      expect(requests).toBe(0);
    },
  );

  it('says for which names the certificate is', async () => {
    const port = await secure(made.otherHost);
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report.problem?.headline).toBe('The certificate is not for localhost.');
    expect(report.problem?.advice).toContain('DNS:other.test');
  });

  it('takes another name by --servername', async () => {
    const port = await secure(made.otherHost);
    const args = ['--ca', authorityFile(), '--servername', 'other.test'];
    const report = await inspect(`wss://localhost:${port}/`, ...args);
    expect(report).toMatchObject({
      ok: true,
      tls: { servername: 'other.test', resumption: 'resumed' },
    });
  });

  it('shows a chain with its intermediate', async () => {
    const port = await secure(made.chained);
    const report = await inspect(`wss://localhost:${port}/`);
    expect(report.exitStatus).toBe(26);
    expect(report.tls?.chain.map(({ subject }) => subject)).toEqual([
      'CN=issued.test',
      'CN=lws-pool test intermediate',
    ]);
  });
});

describe('an upgrade that comes to nothing', () => {
  it('30: refused, with what the server says', async () => {
    const port = await listen(
      http.createServer((_request, response) => {
        response.writeHead(403, { 'X-Request-Id': '17', 'Content-Type': 'text/plain' });
        response.end('your origin is not welcome\n');
      }),
    );
    const report = await inspect(`ws://127.0.0.1:${port}/`);
    expect(report).toMatchObject({
      exitStatus: 30,
      problem: { code: 'ERR_UPGRADE_REFUSED', headline: expect.stringContaining('403 Forbidden') },
      websocket: { response: { status: 403, body: 'your origin is not welcome\n' } },
    });
    expect(report.websocket?.response?.headers).toContainEqual(['x-request-id', '17']);
    const { text } = await page(`ws://127.0.0.1:${port}/`);
    expect(text).toContain('  answer         403 Forbidden\n');
    expect(text).toContain('  body           your origin is not welcome\n');
  });

  it('30: over TLS, whose certificate is shown as verified', async () => {
    const port = await listen(
      https.createServer(made.valid, (_request, response) => response.writeHead(401).end()),
    );
    const report = await inspect(`wss://localhost:${port}/`, '--ca', authorityFile());
    expect(report).toMatchObject({
      exitStatus: 30,
      tls: { source: 'second look', verified: true, chain: [{ subject: 'CN=valid.test' }] },
    });
    expect(report.problem?.advice).toContain('credentials');
  });

  it.each([
    [
      'lacks the header Upgrade',
      (request: string) => switching(request).replace(/^Upgrade: .*\r\n/m, ''),
      'ERR_UPGRADE_INVALID',
    ],
    ['accepts another request', () => switching('Sec-WebSocket-Key: x\r\n'), 'ERR_ACCEPT_MISMATCH'],
    [
      'has an extension that was not offered',
      (request: string) => switching(request, 'Sec-WebSocket-Extensions: x-strange'),
      'ERR_EXTENSION',
    ],
  ])('31: an answer that %s', async (_title, answer, code) => {
    const port = await answering((socket, request) => socket.write(answer(request)));
    const report = await inspect(`ws://127.0.0.1:${port}/`);
    expect(report).toMatchObject({ exitStatus: 31, problem: { code } });
  });

  it('32: a subprotocol that was not offered, or none', async () => {
    const other = await answering((socket, request) => {
      socket.write(switching(request, 'Sec-WebSocket-Protocol: other'));
    });
    expect(await inspect(`ws://127.0.0.1:${other}/`, '--protocol', 'chat')).toMatchObject({
      exitStatus: 32,
      problem: { code: 'ERR_SUBPROTOCOL', advice: expect.stringContaining('--protocol') },
      websocket: { response: { status: 101 } },
    });
    const none = await wsServer(echo, { handleProtocols: () => false });
    expect(await inspect(`ws://127.0.0.1:${none}/`, '--protocol', 'chat')).toMatchObject({
      exitStatus: 32,
      problem: { code: 'ERR_NO_SUBPROTOCOL' },
      socket: { noDelay: true },
    });
  });

  it('33: closed as soon as it was open', async () => {
    const port = await afterUpgrade((socket) => {
      socket.end(frame(8, closePayload(1008, 'no token')));
    });
    const report = await inspect(`ws://127.0.0.1:${port}/`);
    expect(report).toMatchObject({ exitStatus: 33, problem: { code: 'ERR_CLOSED_EARLY' } });
    expect(report.problem?.headline).toContain('code 1008 "no token"');
  });

  it('34: a ping without an answer', async () => {
    const port = await afterUpgrade(() => undefined);
    const report = await inspect(`ws://127.0.0.1:${port}/`, '--timeout', '2');
    expect(report).toMatchObject({
      exitStatus: 34,
      problem: { code: 'ERR_NO_PONG' },
      pings: { sent: 1, answered: 0, min: null },
      socket: { noDelay: true },
    });
  });
});

describe('Ctrl+C ends it, with what there was', () => {
  /** Interrupts it once the server has got bytes that begin like that. */
  async function interrupted(first: number, upgrades: boolean): Promise<Outcome> {
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const port = await tcpServer((socket) => {
      socket.on('data', (data) => {
        if (data[0] === first) reach();
        else if (upgrades) socket.write(switching(data.toString()));
      });
    });
    const run = new CommandLine(['inspect', `ws://127.0.0.1:${port}/`]);
    await reached;
    return run.kill('SIGINT');
  }

  it.each([
    ['it is opened', 0x47, false],
    ['a ping waits for its answer', 0x89, true],
  ] as const)('while %s', async (_title, first, upgrades) => {
    const { status, signal, stdout } = await interrupted(first, upgrades);
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stdout).toContain('  Interrupted.\n');
  });
});

describe('wrong use ends with 2', () => {
  it.each([
    [['http://127.0.0.1/'], 'ERR_INVALID_URL'],
    [['ws://127.0.0.1/', '--header', 'no-colon-s3cret'], 'Name: value'],
    [['ws://127.0.0.1/', '--header', 'Host: other'], 'ERR_INVALID_OPTION'],
    [['ws://127.0.0.1/', '--protocol', 'a b'], 'ERR_INVALID_OPTION'],
    [['wss://127.0.0.1/', '--cert', '/nowhere'], 'go together'],
    [['wss://127.0.0.1/', '--ca', '/nowhere'], '--ca cannot use /nowhere'],
    [['wss://127.0.0.1/', '--servername', '127.0.0.1'], 'ERR_INVALID_OPTION'],
    [['ws://127.0.0.1/', '--pings', 'many'], 'whole number'],
  ])('lws-pool inspect %s', async (args, said) => {
    const { status, stdout, stderr } = await lwsPool('inspect', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('s3cret');
  });
});
