import { describe, expect, it } from 'vitest';
import { COLUMNS, type Column, findColumn } from '../../tools/src/cli/top/columns.js';
import { renderPlain } from '../../tools/src/cli/top/plain.js';
import { poolView } from '../../tools/src/cli/top/pool-view.js';
import { type Picture, renderScreen } from '../../tools/src/cli/top/screen.js';
import { initialState, type State } from '../../tools/src/cli/top/state.js';
import { rowsOf } from '../../tools/src/cli/top/table.js';
import { textOf } from '../../tools/src/cli/top/text.js';

const worker = (index: number, more: object = {}) => ({
  worker: index,
  alive: true,
  connections: { queued: 0, opening: 1, open: 5000, closing: 0, closed: 0 },
  busy: 500,
  turnMax: 12.3,
  memory: { heapUsed: 12_100_000 },
  ...more,
});

const before = {
  at: 1_000_000,
  messagesReceived: 0,
  messagesSent: 100,
  bytesReceived: 0,
  bytesSent: 0,
  workers: [worker(0, { busy: 0 }), worker(1, { busy: 480 })],
};

const stats = {
  at: 1_002_000,
  connections: { queued: 3, opening: 2, open: 10_000, closing: 1, closed: 0 },
  messagesReceived: 48_200,
  messagesSent: 48_300,
  bytesReceived: 3_000_000,
  bytesSent: 3_100_000,
  descriptors: { open: 10_003, limit: 65_536 },
  memory: { rss: 182_400_000 },
  workers: [worker(0, { busy: 1900 }), worker(1, { turnBegan: 1_000_100 })],
};

const connections = {
  total: 10_006,
  matching: 812,
  offset: 40,
  columns: COLUMNS.map(({ name }) => name),
  rows: [
    ['1.0.1', 'open', 'wss', '192.0.2.1:443', 61_000, 12.4, 0, 24_100, 812, 0, 0.0812, 2],
    [
      '1.10000.3',
      'opening',
      'ws',
      'a-very-long-name.example.com:8080',
      null,
      null,
      null,
      null,
      null,
      0,
      0,
      0,
    ],
    [
      '2.7.1',
      'closing',
      'tls',
      '[2001:db8::1]:853',
      90_000_000,
      0.5,
      1234,
      1e7,
      1e12,
      65_536,
      1234,
      12,
    ],
  ],
};

const picture: Picture = {
  title: { version: '1.2.3', pid: 4711, interval: 2 },
  pool: poolView(stats, before),
  rows: rowsOf(connections),
  detail: undefined,
  now: stats.at,
};

const state = (more: Partial<State> = {}): State => ({
  ...initialState(findColumn('queue') as Column, ''),
  cursor: 41,
  offset: 40,
  ...more,
});

const lines = (of: State, width: number, height: number, shown = picture) =>
  renderScreen(shown, of, { width, height }).map(textOf);

describe('the screen', () => {
  it('in 80 columns and 14 lines', () => {
    expect(lines(state(), 80, 14)).toEqual([
      'lws-pool 1.2.3  process 4711                                           every 2 s',
      'connections  10,000 open  2 opening  3 queued  1 closing',
      'messages/s   in 24.1k  out 24.1k   bytes/s  in 1.5M   out 1.6M',
      'descriptors  10,003 of 65,536  memory  182 MB',
      'worker 0     [|||||||||||||||95%]  5,001 conns  heap 12.1 MB  longest turn 12ms',
      'worker 1     [|||||||||||||||96%]  5,001 conns  heap 12.1 MB  in a turn for 1.9s',
      'ID        STATE   TYPE ADDRESS           AGE  M/s<  M/s>  B/s<  B/s> QUEUE   RTT',
      '1.0.1     open    wss  192.0.2.1:443      1m    12     0 24.1k   812     0  81us',
      '1.10000.3 opening ws   a-very-long-na~     -     -     -     -     -     0     -',
      '2.7.1     closing tls  [2001:db8::1]:~    1d   0.5  1.2k 10.0M  1.0T 65.5k  1.2s',
      '',
      '',
      '',
      'q quit  / filter  < > sort  r reverse  space pause  enter  41-43 of 812 (10,006)',
    ]);
  });

  it('in 120 columns', () => {
    expect(lines(state({ paused: true, filter: 'example' }), 120, 12)).toEqual([
      `lws-pool 1.2.3  process 4711${'paused'.padStart(92)}`,
      'connections  10,000 open  2 opening  3 queued  1 closing',
      'messages/s   in 24.1k  out 24.1k   bytes/s  in 1.5M   out 1.6M',
      'descriptors  10,003 of 65,536  memory  182 MB',
      'worker 0     [|||||||||||||||95%]  5,001 conns  heap 12.1 MB  longest turn 12ms',
      'worker 1     [|||||||||||||||96%]  5,001 conns  heap 12.1 MB  in a turn for 1.9s',
      'ID        STATE   TYPE ADDRESS                                            AGE  M/s<  M/s>  B/s<  B/s> QUEUE   RTT LEASE',
      '1.0.1     open    wss  192.0.2.1:443                                       1m    12     0 24.1k   812     0  81us     2',
      '1.10000.3 opening ws   a-very-long-name.example.com:8080                    -     -     -     -     -     0     -     0',
      '2.7.1     closing tls  [2001:db8::1]:853                                   1d   0.5  1.2k 10.0M  1.0T 65.5k  1.2s    12',
      '',
      '"example"  q quit  / filter  < > sort  r reverse  space pause  enter one                           41-43 of 812 (10,006)',
    ]);
  });

  it('marks the selected row and the column it is sorted by', () => {
    const screen = renderScreen(picture, state(), { width: 80, height: 14 });
    const marked = screen.flatMap((line) =>
      line.filter(({ look }) => look === 'selected').map(({ text }) => text.trim()),
    );
    expect(marked.filter((text) => text !== '')).toEqual([
      'QUEUE',
      '1.10000.3 opening ws   a-very-long-na~     -     -     -     -     -     0     -',
    ]);
  });

  it.each([
    [1, 1],
    [10, 3],
    [40, 10],
    [200, 60],
  ])('fits into %i columns and %i lines, whatever it shows', (width, height) => {
    const wanted = [
      state(),
      state({ help: true }),
      state({ detail: '1.0.1' }),
      state({ typing: 'x' }),
    ];
    for (const one of wanted) {
      const screen = renderScreen({ ...picture, detail: {} }, one, { width, height });
      expect(screen).toHaveLength(height);
      for (const line of screen) {
        expect(line.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(width);
      }
    }
  });

  it('sums up workers that do not fit', () => {
    const workers = Array.from({ length: 12 }, (_, index) => worker(index, { busy: index * 100 }));
    const pool = poolView(
      { ...stats, workers },
      { ...before, workers: workers.map(() => worker(0, { busy: 0 })) },
    );
    const text = lines(state(), 80, 24, { ...picture, pool });
    expect(text.slice(4, 8)).toEqual([
      'worker 0     [                0%]  5,001 conns  heap 12.1 MB  longest turn 12ms',
      'worker 1     [|               5%]  5,001 conns  heap 12.1 MB  longest turn 12ms',
      'worker 2     [||             10%]  5,001 conns  heap 12.1 MB  longest turn 12ms',
      'and 9 more workers, 15 % to 55 % busy',
    ]);
  });
});

describe('one connection', () => {
  const detail = {
    id: '1.0.1',
    worker: 0,
    group: 0,
    kind: 'ws',
    secure: true,
    state: 'open',
    url: 'wss://example.com/feed',
    remoteAddress: '192.0.2.1',
    remotePort: 443,
    localAddress: '192.0.2.7',
    localPort: 40_000,
    protocol: 'chat',
    extensions: '',
    phases: {
      requested: 1_000_000,
      resolved: 1_000_002,
      queued: 1_000_002.1,
      begun: 1_000_002.2,
      connected: 1_000_022,
      secured: 1_000_072,
      opened: 1_000_092,
      firstMessage: 1_000_100,
      lastRead: 1_001_000,
      lastWrite: 1_002_000,
    },
    messagesReceived: 1234,
    messagesSent: 1000,
    bytesReceived: 78_200_000,
    bytesSent: 100,
    reads: 10,
    writes: 20,
    queuedBytes: 0,
    queuedBytesMax: 4096,
    pings: {
      sent: 3,
      answered: 2,
      received: 1,
      roundTrip: { last: 20.4, min: 19, mean: 20, max: 31 },
    },
    leases: { count: 2, holdTotal: 3.5, holdMax: 3, waitTotal: 0, waitMax: 0 },
    tls: {
      protocol: 'TLSv1.3',
      cipher: { name: 'TLS_AES_256_GCM_SHA384' },
      alpn: 'http/1.1',
      servername: 'example.com',
      sessionReused: true,
      verifyResult: 'X509_V_OK',
    },
    tcp: {
      state: 'ESTABLISHED',
      caState: 'OPEN',
      rtt: 20_100,
      sndCwnd: 10,
      deliveryRate: 1_500_000,
    },
  };

  it('is shown whole', () => {
    const shown = { ...picture, detail };
    expect(lines(state({ detail: '1.0.1' }), 80, 35, shown).slice(6)).toEqual([
      'Connection 1.0.1',
      '  url             wss://example.com/feed',
      '  id              1.0.1                   state           open',
      '  kind            ws with TLS             worker          0',
      '  remote          192.0.2.1:443           local           192.0.2.7:40000',
      '  subprotocol     chat',
      'Phases',
      '  name looked up  after 2.0ms             handed over     after 100us',
      '  begun           after 100us             TCP             after 20ms',
      '  TLS             after 50ms              opened          after 20ms',
      '  open for        1.9s                    first message   1.9s ago',
      '  last read       1.0s ago                last write      just now',
      'Traffic',
      '  messages        1,234 in, 1,000 out     bytes           78.2 MB in, 100 B out',
      '  calls           10 in, 20 out           queued          0 B, most 4.10 KB',
      '  pings           3 sent, 2 answered, 1 received',
      '  round trip      last 20ms, min 19ms, mean 20ms, max 31ms',
      '  leases          2, held 3.5ms, most 3.0ms',
      'TLS',
      '  version         TLSv1.3',
      '  cipher          TLS_AES_256_GCM_SHA384',
      '  ALPN            http/1.1                server name     example.com',
      '  resumed         yes                     verified        X509_V_OK',
      'TCP',
      '  state           ESTABLISHED             congestion      OPEN',
      '  round trip      20.1 ms                 window          10 segments',
      '  delivery rate   1.50 MB/s',
      '',
      'escape back  q quit  space pause',
    ]);
  });

  it('is scrolled where it does not fit', () => {
    const shown = { ...picture, detail };
    const text = lines(state({ detail: '1.0.1', scroll: 6 }), 80, 24, shown);
    expect(text[7]).toContain('name looked up');
    expect(text[23]).toMatch(/more below$/);
  });

  it('may be closed meanwhile', () => {
    expect(lines(state({ detail: '1.0.1' }), 80, 24)[7]).toBe('It is closed.');
  });
});

describe('what the process says', () => {
  it('never reaches the terminal as anything but printable characters', () => {
    const evil = '\x1b]0;owned\x07\x9b2J\u202e\r\nünï';
    const rows = rowsOf({
      ...connections,
      rows: [[evil, evil, evil, evil, 1, 1, 1, 1, 1, 1, 1, 1]],
    });
    const detail = {
      url: evil,
      state: evil,
      kind: evil,
      remoteAddress: evil,
      remotePort: 1,
      tls: { cipher: { name: evil } },
      tcp: { state: evil },
      protocol: evil,
    };
    const shown = { ...picture, rows, detail };
    for (const one of [state(), state({ detail: evil }), state({ filter: evil })]) {
      const text = renderScreen(shown, one, { width: 120, height: 40 }).map(textOf).join('');
      expect(text).toMatch(/^[\x20-\x7e]*$/);
    }
    expect(renderPlain(shown, state())).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it.each([
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { workers: [null, 7], connections: 'x', rows: [1, null] },
  ])('may be nonsense: %j', (nonsense) => {
    const shown: Picture = {
      ...picture,
      pool: poolView(nonsense, nonsense),
      rows: rowsOf(nonsense),
      detail: nonsense,
    };
    for (const one of [state(), state({ detail: 'x' })]) {
      expect(renderScreen(shown, one, { width: 80, height: 24 })).toHaveLength(24);
    }
  });
});

it('one plain look has all columns and all workers', () => {
  expect(renderPlain(picture, state()).split('\n')).toEqual([
    'lws-pool 1.2.3  process 4711                                                               every 2 s',
    'connections  10,000 open  2 opening  3 queued  1 closing',
    'messages/s   in 24.1k  out 24.1k   bytes/s  in 1.5M   out 1.6M',
    'descriptors  10,003 of 65,536  memory  182 MB',
    'worker 0     [|||||||||||||||95%]  5,001 conns  heap 12.1 MB  longest turn 12ms',
    'worker 1     [|||||||||||||||96%]  5,001 conns  heap 12.1 MB  in a turn for 1.9s',
    'ID        STATE   TYPE ADDRESS                         AGE  M/s<  M/s>  B/s<  B/s> QUEUE   RTT LEASE',
    '1.0.1     open    wss  192.0.2.1:443                    1m    12     0 24.1k   812     0  81us     2',
    '1.10000.3 opening ws   a-very-long-name.example.com~     -     -     -     -     -     0     -     0',
    '2.7.1     closing tls  [2001:db8::1]:853                1d   0.5  1.2k 10.0M  1.0T 65.5k  1.2s    12',
  ]);
});
