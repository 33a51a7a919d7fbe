import { once } from 'node:events';
import https from 'node:https';
import tls, { type PeerCertificate } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Identity, type IdentityOptions, identity } from '../fixtures/certificates.js';
import { addon } from '../fixtures/leases.js';
import { rejection, usePool } from '../fixtures/pool.js';
import { echo, tlsServer, wsServer } from '../fixtures/servers.js';

/** Which name goes with which certificate, held against `node:tls` itself: never laxer than that. */

const own = usePool();
let root: Identity;
beforeAll(async () => {
  root = await identity('lws-pool test CA', { authority: true });
});

/** In the place of DNS: all names are this machine. */
const lookup = (_name: string, _options: object, callback: (...answer: unknown[]) => void) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }]);

const HOSTS = [
  ...['a.example.com', 'A.EXAMPLE.com', 'a.example.com.', 'foo.example.com', 'example.com'],
  ...[
    'b.a.example.com',
    'my_host.example.com',
    'xn--bcher-kva.example.com',
    'b\u00fccher.example.com',
  ],
  ...['*.example.com', '-.example.com', 'com', 'localhost', `${'l'.repeat(63)}.example.com`],
  ...['127.0.0.1', '127.0.0.1.', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '[0:0::0:1]'],
];

interface Certificate extends IdentityOptions {
  /** Its subject's common name. */
  readonly cn?: string;
}

/** By what is special about them, and the hosts that `node:tls` takes and lws-pool does not. */
const CERTIFICATES: [about: string, Certificate, stricter?: readonly string[]][] = [
  ['a name', { dnsNames: ['a.example.com'] }],
  ['a name in upper case', { dnsNames: ['A.Example.COM'] }],
  ['a name with a trailing dot', { dnsNames: ['a.example.com.'] }, ['a.example.com']],
  ['a name with a leading dot', { dnsNames: ['.example.com', '.com', '.'] }],
  ['a name with an empty part', { dnsNames: ['a..example.com'] }],
  ['an empty name', { dnsNames: [''] }],
  ['a name with a NUL', { dnsNames: ['a.example.com\0.evil.test', 'com\0'] }],
  ['a name with a blank', { dnsNames: ['a.example.com ', ' a.example.com'] }],
  ['a name with an underscore', { dnsNames: ['my_host.example.com'] }],
  ['a name in punycode', { dnsNames: ['xn--bcher-kva.example.com'] }],
  ['several names', { dnsNames: ['other.test', 'foo.example.com', 'localhost'] }],
  ['a wildcard', { dnsNames: ['*.example.com'] }, ['my_host.example.com']],
  ['a wildcard in upper case', { dnsNames: ['*.EXAMPLE.com'] }, ['my_host.example.com']],
  ['the beginning of a label', { dnsNames: ['f*.example.com'] }, ['foo.example.com']],
  ['the end of a label', { dnsNames: ['*o.example.com'] }, ['foo.example.com']],
  ['a wildcard in punycode', { dnsNames: ['xn--*.example.com', 'xn--b*.example.com'] }],
  ['a wildcard of a top-level domain', { dnsNames: ['*.com', '*.'] }],
  ['a wildcard of everything', { dnsNames: ['*'] }],
  ['two wildcards', { dnsNames: ['*.*.example.com', '**.example.com', '*.*'] }],
  ['a wildcard that is not the first label', { dnsNames: ['b.*.example.com', 'a.*.com'] }],
  ['a common name alone', { cn: 'a.example.com' }],
  ['a common name that is a wildcard', { cn: '*.example.com' }, ['my_host.example.com']],
  ['a common name with a leading dot', { cn: '.example.com' }],
  ['a common name that is an address', { cn: '127.0.0.1' }],
  ['a common name beside a name', { cn: 'a.example.com', dnsNames: ['foo.example.com'] }],
  ['a common name beside an address', { cn: 'a.example.com', names: ['127.0.0.1'] }],
  ['an address', { names: ['127.0.0.1'] }],
  ['an address as a name', { dnsNames: ['127.0.0.1', '::1', '[::1]'] }],
  ['an address of IPv6', { names: ['::1'] }],
  ['an address of IPv4 in IPv6', { names: ['::ffff:127.0.0.1'] }],
];

/** What the server shows, as `node:tls` sees it. */
async function shownBy(port: number): Promise<PeerCertificate> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

async function opens(host: string, port: number): Promise<boolean> {
  const connecting = own.pool.connect(`wss://${host}:${port}/`, {
    lookup: lookup as never,
    // A session that is resumed is not verified again.
    tls: { ca: root.cert, maxCachedSessions: 0 },
  });
  try {
    (await connecting).terminate();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CERT_HOSTNAME' });
    return false;
  }
}

it.each(CERTIFICATES)(
  '%s',
  async (_about, { cn = 'nobody', names = [], ...certificate }, stricter = []) => {
    const issued = await identity(cn, { issuer: root, names, ...certificate });
    const server = https.createServer(issued);
    const port = await wsServer(echo, { host: '::' }, server as never);
    const shown = await shownBy(port);
    const taken = async (host: string) => [host, await opens(host, port)];
    const ours = Object.fromEntries(await Promise.all(HOSTS.map(taken))) as Record<string, boolean>;
    const expected = Object.fromEntries(
      HOSTS.map((host) => {
        // As `https.request()` reads it.
        const { hostname } = new URL(`wss://${host}/`);
        const name = hostname.replace(/^\[|\]$/g, '');
        const accepts = tls.checkServerIdentity(name, shown) === undefined;
        return [host, accepts && !stricter.includes(name.toLowerCase().replace(/\.$/, ''))];
      }),
    );
    expect(ours).toEqual(expected);
    // Where it is said to be stricter, it is.
    for (const host of stricter) expect(tls.checkServerIdentity(host, shown)).toBeUndefined();
  },
);

describe('native code fails closed', () => {
  const options = { kind: 'ws', addresses: ['127.0.0.1'], port: 1, maxPayload: 1 };

  it.each(['', '.', '.com', '.example.com'])('where the name to verify is "%s"', (serverName) => {
    const context = new addon.TlsContext({});
    const made = { ...options, tls: context.number };
    expect(() => new addon.Endpoint({ ...made, serverName })).toThrow(TypeError);
    new addon.Endpoint({ ...made, serverName: 'example.com' });
  });

  it('where a TLS context is not there: nothing is sent in the clear', () => {
    const made = { ...options, tls: 2 ** 31, serverName: 'example.com' };
    expect(() => new addon.Endpoint(made)).toThrow('its TLS context is gone');
  });
});

describe('a server name', () => {
  async function server(): Promise<{ port: number; asked: unknown[] }> {
    const asked: unknown[] = [];
    const issued = await identity('nobody', {
      issuer: root,
      names: ['127.0.0.1', 'localhost'],
      dnsNames: ['a.example.com', 'xn--bcher-kva.example.com'],
    });
    const port = await tlsServer(issued, (socket) => {
      asked.push((socket as unknown as { servername: unknown }).servername);
      socket.end('HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n');
    });
    return { port, asked };
  }

  it.each([
    ['a.example.com', 'a.example.com'],
    ['A.Example.COM', 'a.example.com'],
    ['a.example.com.', 'a.example.com'],
    ['b\u00fccher.example.com', 'xn--bcher-kva.example.com'],
    ['B\u00dcCHER\u3002example.com', 'xn--bcher-kva.example.com'],
  ])('%s is sent as %s, and verified', async (servername, sent) => {
    const { port, asked } = await server();
    const tls = { ca: root.cert, servername };
    const error = await rejection(own.pool.connect(`wss://127.0.0.1:${port}/`, { tls }));
    expect(error.code).toBe('ERR_UPGRADE_REFUSED');
    expect(asked).toEqual([sent]);
  });

  it('that is empty is not sent, and the host is verified', async () => {
    const { port, asked } = await server();
    const connect = (host: string) =>
      own.pool.connect(`wss://${host}:${port}/`, {
        lookup: lookup as never,
        tls: { ca: root.cert, servername: '' },
      });
    expect((await rejection(connect('localhost'))).code).toBe('ERR_UPGRADE_REFUSED');
    expect((await rejection(connect('other.test'))).code).toBe('ERR_CERT_HOSTNAME');
    expect(asked).toEqual([false]);
  });

  it.each([
    '.com',
    '.example.com',
    '..example.com',
    'a..example.com',
    'a.example.com..',
    '.',
    '..',
  ])('%s is refused before anything is sent, and so is the host', async (name) => {
    const { port } = await server();
    let looked = false;
    const options = {
      lookup: ((...args: Parameters<typeof lookup>) => {
        looked = true;
        lookup(...args);
      }) as never,
    };
    const named = own.pool.connect(`wss://127.0.0.1:${port}/`, {
      tls: { ca: root.cert, servername: name },
    });
    expect((await rejection(named)).code).toBe('ERR_INVALID_OPTION');
    const hosted = own.pool.connect(`wss://${name}:${port}/`, {
      ...options,
      tls: { ca: root.cert },
    });
    expect((await rejection(hosted)).code).toBe('ERR_INVALID_URL');
    expect(looked).toBe(false);
  });
});
