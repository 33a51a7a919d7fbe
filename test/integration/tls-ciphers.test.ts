import type { AddressInfo } from 'node:net';
import tls, { type SecureVersion } from 'node:tls';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { rejection, usePool } from '../fixtures/pool.js';
import { ignore, readRequest, switching } from '../fixtures/servers.js';

/** `tls.ciphers` means what it means to `node:tls`, which is asked in the same run. */

const own = usePool();
let made: Awaited<ReturnType<typeof createAuthority>>;
let ca: string;
beforeAll(async () => {
  made = await createAuthority();
  ca = made.ca;
});

let port: number;
let accepted: number;
beforeEach(async () => {
  accepted = 0;
  const both = { ...made.valid, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const;
  const server = tls.createServer(both, (socket) => {
    socket.on('error', ignore);
    void readRequest(socket).then((request) => socket.write(switching(request)));
  });
  server.on('tlsClientError', ignore);
  server.on('connection', () => accepted++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  return () => {
    server.close();
  };
});

interface Options {
  readonly ciphers: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** Protocol and cipher that `node:tls` comes to, or 'refused'. */
function byNode(options: Options): Promise<string> {
  return new Promise((resolve) => {
    try {
      const socket = tls.connect({ port, host: '127.0.0.1', ca, ...options }, () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
      socket.on('error', () => resolve('refused'));
    } catch {
      resolve('refused');
    }
  });
}

async function byPool(options: Options): Promise<string> {
  const connection = await own.pool.connect(`wss://127.0.0.1:${port}/`, {
    tls: { ca, ...options },
  });
  try {
    return await connection.withLease(
      'shared',
      ({ tls }) => `${tls?.protocol} ${tls?.cipher.name}`,
    );
  } finally {
    connection.terminate();
  }
}

const OLD = 'ECDHE-ECDSA-AES128-GCM-SHA256';
const NEW = 'TLS_AES_128_GCM_SHA256';
const RANGES = [
  {},
  { minVersion: 'TLSv1.3' },
  { maxVersion: 'TLSv1.2' },
  { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
] as const;
const LISTS = [
  ...[OLD, NEW, `${OLD}:${NEW}`, `${NEW}:${OLD}`, `:${OLD}::${NEW}:`],
  ...['HIGH:!aNULL', 'DEFAULT@SECLEVEL=1', `ECDHE-ECDSA-AES256-GCM-SHA384:${OLD}`],
  ...[
    'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384',
    `NO-SUCH:${OLD}`,
    `TLS_NO_SUCH:${NEW}`,
  ],
  ...['NO-SUCH', 'TLS_NO_SUCH', ':', '::', 'DEFAULT:!ALL', `${OLD}:!${OLD}`, '!ALL'],
  ...['ECDHE-RSA-AES128-GCM-SHA256', 'PSK', `${OLD}:TLS_NO_SUCH`, 'ALL:!TLS_AES_256_GCM_SHA384'],
];

describe.each(RANGES)('%j', (range) => {
  it.each(LISTS)('%s', async (ciphers) => {
    const expected = await byNode({ ciphers, ...range });
    if (expected !== 'refused') {
      expect(await byPool({ ciphers, ...range })).toBe(expected);
      return;
    }
    const before = accepted;
    const error = await rejection(byPool({ ciphers, ...range }));
    // The one thing that only the server can say: it has no certificate for any of them.
    if (error.code === 'ERR_TLS_HANDSHAKE') {
      expect(ciphers).toBe('ECDHE-RSA-AES128-GCM-SHA256');
      return;
    }
    expect(error.code).toBe('ERR_TLS_OPTION');
    expect(error.details.option).toBe('tls.ciphers');
    expect(accepted).toBe(before);
  });
});

it.each([
  ...[
    { maxVersion: 'TLSv1.2', ciphers: NEW } as const,
    { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: OLD } as const,
  ],
  { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: `${OLD}:${NEW}` } as const,
])('what goes with no version is refused at once: %j', async (options) => {
  const before = accepted;
  const error = await rejection(byPool(options));
  expect(error.code).toBe('ERR_TLS_OPTION');
  expect(error.message).toContain('none of them goes with the TLS versions');
  expect(accepted).toBe(before);
});
