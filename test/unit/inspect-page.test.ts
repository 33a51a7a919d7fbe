import { stripVTControlCharacters, styleText } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderPage } from '../../tools/src/cli/inspect/page.js';
import { waterfall } from '../../tools/src/cli/inspect/waterfall.js';
import { PLAIN, type Style } from '../../tools/src/cli/style.js';
import type {
  CertificateReport,
  InspectReport,
  TcpInfoReport,
  TlsReport,
} from '../../tools/src/inspect/report.js';

const leaf: CertificateReport = {
  subject: 'CN=example.com',
  issuer: 'C=US, O=Example Trust Services, CN=Example RSA TLS 2026 CA1',
  validFrom: '2026-11-01T00:00:00.000Z',
  validTo: '2027-01-29T23:59:59.000Z',
  daysLeft: 64,
  altNames: ['DNS:example.com', 'DNS:*.example.com', 'IP Address:192.0.2.1'],
  keyType: 'rsa',
  keySize: 2048,
  serialNumber: '0A',
  fingerprint256: Array.from({ length: 32 }, (_, at) =>
    at.toString(16).padStart(2, '0').toUpperCase(),
  ).join(':'),
};

const tls: TlsReport = {
  source: 'connection',
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  cipherStandard: 'TLS_AES_256_GCM_SHA384',
  group: 'x25519',
  alpn: 'http/1.1',
  servername: 'example.com',
  verified: true,
  verifyError: null,
  resumption: 'resumed',
  ocspBytes: 471,
  chain: [leaf],
};

const tcpInfo = {
  ...{ rtt: 11_800, rttvar: 2_400, sndCwnd: 10, sndMss: 1448, pmtu: 1500, totalRetrans: 0 },
  deliveryRate: 1_230_000,
} as TcpInfoReport;

const report: InspectReport = {
  url: 'wss://example.com/feed',
  at: '2026-11-26T03:00:00.000Z',
  ok: true,
  exitStatus: 0,
  problem: null,
  warnings: [],
  name: {
    host: 'example.com',
    addresses: [
      { address: '2001:db8::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
    ],
  },
  address: { remote: '192.0.2.1:443', local: '198.51.100.7:40112', attempts: 2, failed: [] },
  phases: { lookup: 4.2, tcp: 11.6, tls: 25.1, upgrade: 13.4, total: 54.3 },
  tls,
  socket: {
    ...{ receiveBuffer: 131_072, sendBuffer: 87_040, keepAlive: false, noDelay: true },
    congestionControl: 'cubic',
    tcpInfo,
  },
  websocket: {
    request: {
      line: 'GET /feed HTTP/1.1',
      headers: [
        ['Host', 'example.com'],
        ['Authorization', '(hidden: 26 characters)'],
      ],
    },
    response: { status: 101, headers: [['upgrade', 'websocket']], body: null },
    protocol: 'chat',
    extensions: '',
  },
  pings: { sent: 3, answered: 3, min: 11.7, mean: 12.04, max: 12.6 },
};

const render = (changes: Partial<InspectReport> = {}, width = 80) =>
  renderPage({ ...report, ...changes }, PLAIN, width);

describe('the page of an endpoint that works', () => {
  it('is labelled lines, from the name to the verdict', () => {
    expect(render()).toBe(`\
wss://example.com/feed

  name           example.com: 2001:db8::1, 192.0.2.1
  address        192.0.2.1:443 from 198.51.100.7:40112
                 no connection to 1 before it

  time           name look-up  4.20 ms  ███▏
                 TCP           11.6 ms     ████████▌
                 TLS           25.1 ms             ██████████████████▌
                 upgrade       13.4 ms                                █████████▉
                 total         54.3 ms

  TLS            TLSv1.3, TLS_AES_256_GCM_SHA384, x25519
  server name    example.com
  ALPN           http/1.1
  verification   good
  resumption     a second connection resumed the session
  OCSP           stapled, 471 bytes

  certificate 1  CN=example.com
    issuer       C=US, O=Example Trust Services, CN=Example RSA TLS 2026 CA1
    valid        2026-11-01 to 2027-01-29, 64 days left
    names        example.com, *.example.com, 192.0.2.1
    key          RSA, 2,048 bits
    SHA-256      00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:
                 10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F

  socket         TCP_NODELAY on, SO_RCVBUF 131,072 B, SO_SNDBUF 87,040 B,
                 keep-alive off, congestion control cubic
  TCP            round trip 11.8 ms ± 2.40 ms, congestion window 10 segments,
                 MSS 1,448 B, path MTU 1,500 B, 0 retransmitted,
                 delivery rate 1.23 MB/s

  request        GET /feed HTTP/1.1
                 Host: example.com
                 Authorization: (hidden: 26 characters)

  answer         101 Switching Protocols
                 upgrade: websocket

  subprotocol    chat
  extensions     none
  pings          3 of 3 answered: min 11.7 ms, mean 12.0 ms, max 12.6 ms

  The endpoint works.
`);
  });

  it('leaves out what there is not', () => {
    const raw = { ...report, name: null, tls: null, websocket: null, pings: null };
    const socket = { ...raw.socket, noDelay: null, congestionControl: null, tcpInfo: null };
    expect(
      renderPage(
        {
          ...raw,
          ...{ url: 'unix:/run/app.sock', socket: socket as InspectReport['socket'] },
          address: { remote: '/run/app.sock', local: null, attempts: 1, failed: [] },
          phases: { lookup: null, tcp: 0.1, tls: null, upgrade: null, total: 0.25 },
        },
        PLAIN,
        60,
      ),
    ).toBe(`\
unix:/run/app.sock

  address        /run/app.sock

  time           TCP    100 µs  ████████████████████████████
                 total  250 µs

  socket         SO_RCVBUF 131,072 B, SO_SNDBUF 87,040 B,
                 keep-alive off

  The endpoint works.
`);
  });

  it('has its warnings above the verdict', () => {
    const warnings = ['The certificate "CN=example.com" expires in 5 days.'];
    expect(render({ warnings })).toMatch(
      / {2}The certificate "CN=example\.com" expires in 5 days\.\n {2}The endpoint works\.\n$/,
    );
  });

  it.each([
    [13, '13 days left'],
    [1, '1 day left'],
    [0, '0 days left'],
    [-1, 'expired today'],
    [-2, 'expired 1 day ago'],
    [-31, 'expired 30 days ago'],
  ])('with %i days left says: %s', (daysLeft, said) => {
    const chain = [{ ...leaf, daysLeft }];
    expect(render({ tls: { ...tls, chain } })).toContain(`to 2027-01-29, ${said}\n`);
  });
});

describe('the page of an endpoint that does not work', () => {
  const failed: Partial<InspectReport> = {
    ...{ ok: false, exitStatus: 30, socket: null, pings: null, tls: null },
    problem: {
      code: 'ERR_UPGRADE_REFUSED',
      headline: 'example.com:443 (192.0.2.1) refused the upgrade with 403 Forbidden.',
      advice: 'Check the credentials and the origin: --origin https://...',
    },
    address: {
      ...{ remote: '192.0.2.1:443', local: null, attempts: 2 },
      failed: [{ address: '2001:db8::1', code: 'ENETUNREACH' }],
    },
    phases: { lookup: 4.2, tcp: null, tls: null, upgrade: null, total: 54.3 },
    websocket: {
      request: { line: 'GET /feed HTTP/1.1', headers: [] },
      response: { status: 403, headers: [['server', 'x']], body: 'No\r\n\r\n\tnot you\n' },
      ...{ protocol: null, extensions: null },
    },
  };

  it('ends with what is wrong and what to do', () => {
    expect(render(failed)).toBe(`\
wss://example.com/feed

  name           example.com: 2001:db8::1, 192.0.2.1
  address        192.0.2.1:443
                 2001:db8::1 failed: ENETUNREACH

  time           name look-up  4.20 ms  ████████████████████████████████████████
                 total         54.3 ms

  request        GET /feed HTTP/1.1

  answer         403 Forbidden
                 server: x

  body           No

                 not you

  example.com:443 (192.0.2.1) refused the upgrade with 403 Forbidden.
  Check the credentials and the origin: --origin https://...
`);
  });

  it('marks a second look', () => {
    const look: TlsReport = {
      ...{ ...tls, source: 'second look', verified: false, resumption: 'not tried' },
      verifyError: 'certificate has expired',
    };
    const text = render({ ...failed, tls: look });
    expect(text).toContain('a second look: nothing was verified, no request sent\n');
    expect(text).toContain('verification   failed: certificate has expired\n');
    expect(text).not.toContain('resumption');
  });

  it('shows no more of a body than its beginning', () => {
    const body = Array.from({ length: 20 }, (_, at) => `line ${at}`).join('\n');
    const websocket = { ...failed.websocket, response: { status: 500, headers: [], body } };
    const text = render({ ...failed, websocket: websocket as InspectReport['websocket'] });
    expect(text).toContain('                 line 7\n                 ...\n');
    expect(text).not.toContain('line 8');
  });
});

describe('any page', () => {
  const evil = `\u001b[31m${'x'.repeat(300)}\u202e`;
  const hostile: Partial<InspectReport> = {
    tls: { ...tls, chain: [{ ...leaf, subject: evil, issuer: evil, altNames: [`DNS:${evil}`] }] },
    websocket: {
      request: { line: evil, headers: [[evil, evil]] },
      response: { status: 101, headers: [[evil, evil]], body: evil },
      ...{ protocol: evil, extensions: evil },
    },
    warnings: [evil],
    problem: { code: evil, headline: evil, advice: evil },
  };

  it.each([40, 80, 100])('is never wider than %i columns, whatever is in it', (width) => {
    for (const line of render(hostile, width).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('lets no control character through', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(render(hostile)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });

  it('says the same in colours', () => {
    const apply = (format: Parameters<typeof styleText>[0]) => (text: string) =>
      styleText(format, text, { validateStream: false } as never);
    const coloured: Style = {
      ...{ strong: apply('bold'), faint: apply('dim'), good: apply('green') },
      ...{ bad: apply('red'), warning: apply('yellow') },
    };
    const text = renderPage(report, coloured, 80);
    expect(text).toContain('\u001b[32mgood\u001b[39m');
    expect(stripVTControlCharacters(text)).toBe(render());
  });
});

describe('the waterfall', () => {
  it('shows what took next to no time as well', () => {
    const phases = { lookup: 0.001, tcp: 100, tls: null, upgrade: 0, total: 100.001 };
    expect(waterfall(phases, 40)).toEqual([
      'name look-up    1 µs  ▏',
      'TCP           100 ms  ██████████████████',
      `upgrade         0 µs  ${' '.repeat(18)}▏`.slice(0, 41),
      'total         100 ms',
    ]);
  });
});
