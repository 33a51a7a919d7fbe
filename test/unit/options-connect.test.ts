import dns from 'node:dns';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { connectDefaultsSchema } from '../../src/options/connect.js';
import {
  type ConnectManyOptions,
  type ConnectOptions,
  parseConnectManyOptions,
  parseConnectOptions,
  parsePoolOptions,
} from '../../src/options/options.js';
import { thrownBy } from './support/thrown.js';

const defaults = parsePoolOptions({}).connect;

/** Options as a caller without types may pass them. */
const parse = (options: unknown) => parseConnectOptions(options as ConnectOptions, defaults);
const parseMany = (options: unknown) =>
  parseConnectManyOptions(options as ConnectManyOptions, defaults);

function expectRefusal(run: () => unknown, option: string, said: string[]): void {
  const error = thrownBy(run);
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option } });
  for (const text of said) expect(error.message).toContain(text);
}

describe('parseConnectOptions', () => {
  it('gives the defaults themselves when nothing is given', () => {
    expect(parseConnectOptions(undefined, defaults)).toBe(defaults);
    expect(parse({})).toEqual(defaults);
    expect(defaults).toMatchObject({
      ...{ protocols: [], headers: [], origin: undefined, localAddress: [] },
      ...{ timeout: 10_000, closeTimeout: 10_000, maxPayload: 16_777_216, highWaterMark: 131_072 },
      ...{ signal: undefined, lookup: undefined, handler: undefined, data: undefined },
    });
  });

  it('takes a server name in its ASCII form, that of the pool where none is given', () => {
    const servername = (name: string) => parse({ tls: { servername: name } }).servername;
    expect(servername('B\u00fccher.example')).toBe('xn--bcher-kva.example');
    expect(servername('EXAMPLE.com.')).toBe('example.com');
    expect(servername('_a.b-c')).toBe('_a.b-c');
    expect(servername('')).toBe('');
    const pool = parsePoolOptions({ tls: { servername: 'a.example' } }).connect;
    expect(parseConnectOptions({}, pool).servername).toBe('a.example');
    expect(parseConnectOptions({ tls: { servername: '' } }, pool).servername).toBe('');
    const nested = parsePoolOptions({ connect: { tls: { servername: 'b.example' } } }).connect;
    expect(nested.servername).toBe('b.example');
  });

  it('takes undefined for not given', () => {
    const names = Object.keys(defaults).filter((name) => !['bios', 'servername'].includes(name));
    expect(parse(Object.fromEntries(names.map((name) => [name, undefined])))).toEqual(defaults);
  });

  it('takes what it is documented to take', () => {
    const { signal } = new AbortController();
    const options = {
      protocols: 'chat',
      requireProtocol: true,
      headers: { 'X-One': '1', 'x-two': ['a', 'b'], ORIGIN: 'https://example.com' },
      keepHeaders: true,
      timeout: 1,
      closeTimeout: 2,
      signal,
      localAddress: '::1',
      maxPayload: 2 ** 31 - 1,
      highWaterMark: 0,
      lookup: dns.lookup,
      handler: '/srv/a b.js',
      data: { n: 1 },
    };
    expect(parseConnectOptions(options, defaults)).toEqual({
      ...{ bios: [], servername: undefined },
      protocols: ['chat'],
      requireProtocol: true,
      headers: [
        ['X-One', '1'],
        ['x-two', 'a'],
        ['x-two', 'b'],
      ],
      origin: 'https://example.com',
      keepHeaders: true,
      tls: defaults.tls,
      timeout: 1,
      compression: false,
      closeTimeout: 2,
      signal,
      localAddress: ['::1'],
      maxPayload: 2 ** 31 - 1,
      highWaterMark: 0,
      lookup: dns.lookup,
      handler: 'file:///srv/a%20b.js',
      data: { n: 1 },
    });
  });

  it('takes lists', () => {
    const { protocols, localAddress } = parse({
      protocols: ['b', 'a'],
      localAddress: ['127.0.0.1', '127.0.0.2'],
    });
    expect(protocols).toEqual(['b', 'a']);
    expect(localAddress).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('takes a handler as URL and as text of one', () => {
    const url = new URL('file:///srv/h.js');
    expect(parse({ handler: url }).handler).toBe('file:///srv/h.js');
    expect(parse({ handler: 'file:///srv/h.js?v=1' }).handler).toBe('file:///srv/h.js?v=1');
  });

  it('takes any data that can be copied', () => {
    for (const data of [0, '', null, 7n, new Map([[1, new Date(0)]]), new Uint8Array(2)]) {
      expect(parse({ data }).data).toEqual(data);
    }
  });

  it('neither changes nor keeps what it was given', () => {
    const given = {
      protocols: Object.freeze(['a']),
      headers: Object.freeze({ a: Object.freeze(['1']) }),
      data: Object.freeze({ list: [1] }),
    };
    const before = structuredClone(given);
    const options = parseConnectOptions(Object.freeze(given), defaults);
    expect(given).toEqual(before);
    given.data.list.push(2);
    expect(options.data).toEqual({ list: [1] });
    expect(options.protocols).not.toBe(given.protocols);
  });

  it('adds to the defaults option by option, header by header', () => {
    const { connect } = parsePoolOptions({
      tls: { rejectUnauthorized: false },
      connect: {
        timeout: 5,
        origin: 'null',
        headers: { A: '1', B: '2' },
        tls: { servername: 'x' },
      },
    });
    const options = parseConnectOptions({ headers: { b: '3' }, closeTimeout: 6 }, connect);
    expect(options).toMatchObject({ timeout: 5, closeTimeout: 6, origin: 'null' });
    expect(options.headers).toEqual([
      ['A', '1'],
      ['b', '3'],
    ]);
    expect(options.servername).toBe('x');
    expect(options.tls).toMatchObject({ rejectUnauthorized: false });
    expect(options.tls).toBe(connect.tls);
    expect(parseConnectOptions({ headers: { Origin: 'http://o' } }, connect).origin).toBe(
      'http://o',
    );
  });

  it.each<[unknown, option: string, ...said: string[]]>([
    [null, 'options', 'an object of options', 'got null'],
    ['ws', 'options', 'an object of options', 'got "ws"'],
    [[], 'options', 'an object of options', 'an array of 0 elements'],
    [{ timeOut: 1 }, 'timeOut', 'no option "timeOut"', 'Did you mean "timeout"?'],
    [{ protcols: 1 }, 'protcols', 'Did you mean "protocols"?'],
    [{ lokcup: 1 }, 'lokcup', 'Did you mean "lookup"?'],
    [{ handshakeTimeout: 1 }, 'handshakeTimeout', 'Did you mean "timeout"?'],
    [{ rejectUnauthorized: false }, 'rejectUnauthorized', '"tls.rejectUnauthorized"'],
    [{ perMessageDeflate: true }, 'perMessageDeflate', 'Did you mean "compression"?'],
    [{ binaryType: 'blob' }, 'binaryType', 'Known are: protocols, requireProtocol, headers,'],
    [{ count: 1 }, 'count', 'no option'],
    [{ protocols: 7 }, 'protocols', 'a string or a list of strings', 'got 7'],
    [{ protocols: '' }, 'protocols', 'letters, digits', 'got ""'],
    [{ protocols: 'a, b' }, 'protocols', 'got "a, b"', 'given as a list'],
    [{ protocols: ['a', 'a'] }, 'protocols[1]', 'only once', 'got "a"'],
    [{ protocols: ['a', null] }, 'protocols[1]', 'got null'],
    [{ headers: [] }, 'headers', 'a plain object', 'an array'],
    [{ headers: new Map() }, 'headers', 'a plain object', 'an instance of Map'],
    [{ headers: new Headers() }, 'headers', 'Object.fromEntries(headers)'],
    [{ headers: { 'a b': '1' } }, 'headers["a b"]', 'letters, digits', 'a string of 1 character'],
    [{ headers: { '': '1' } }, 'headers[""]', 'letters, digits'],
    [
      { headers: { a: 1 } },
      'headers.a',
      'a string, an array of strings, or null to send none',
      'a number',
    ],
    [{ headers: { a: undefined } }, 'headers.a', 'or null to send none', 'undefined'],
    [{ headers: { a: ['b', null] } }, 'headers.a[1]', 'or null to send none', 'null'],
    [{ headers: { Origin: null } }, 'headers.Origin', 'or null to send none', 'null'],
    [{ headers: { Host: null } }, 'headers.Host', 'no header of that name'],
    [{ requireProtocol: 1 }, 'requireProtocol', 'true or false', '1'],
    [{ requireProtocol: true }, 'requireProtocol', 'together with "protocols"', 'true'],
    [{ requireProtocol: true, protocols: [] }, 'requireProtocol', 'together with "protocols"'],
    [{ headers: { a: ['1', null] } }, 'headers.a[1]', 'a string', 'null'],
    [{ headers: { Host: 'x' } }, 'headers.Host', 'no header of that name', 'from the URL'],
    [{ headers: { connection: 'x' } }, 'headers.connection', 'no header of that name'],
    [{ headers: { upgrade: 'x' } }, 'headers.upgrade', 'no header of that name'],
    [{ headers: { 'content-length': '0' } }, 'headers["content-length"]', 'without a body'],
    [{ headers: { 'transfer-encoding': 'x' } }, 'headers["transfer-encoding"]', 'without a body'],
    [{ headers: { expect: 'x' } }, 'headers.expect', 'without a body'],
    [{ headers: { 'Sec-WebSocket-Key': 'x' } }, 'headers["Sec-WebSocket-Key"]', 'handshake sets'],
    [
      { headers: { 'sec-websocket-protocol': 'x' } },
      'headers["sec-websocket-protocol"]',
      '"protocols"',
    ],
    [{ headers: { Origin: ['a', 'b'] } }, 'headers.Origin[1]', 'one value'],
    [{ headers: { Origin: 'a b' } }, 'headers.Origin', 'an origin'],
    [{ headers: { origin: 'a' }, origin: 'b' }, 'origin', 'not both'],
    [{ keepHeaders: ['via'] }, 'keepHeaders', 'true or false', 'got an array'],
    [{ origin: 1 }, 'origin', 'an origin', 'got 1'],
    [{ origin: '' }, 'origin', 'an origin', 'got ""'],
    [{ tls: 'yes' }, 'tls', 'an object of options', 'got "yes"'],
    [{ tls: { minversion: 1 } }, 'tls.minversion', 'Did you mean "minVersion"?'],
    [{ timeout: '1' }, 'timeout', 'an integer from 1 to 2147483647 (milliseconds)', 'got "1"'],
    [{ timeout: 0 }, 'timeout', 'an integer from 1', 'got 0'],
    [{ timeout: Number.NaN }, 'timeout', 'an integer', 'got NaN'],
    [{ timeout: Number.POSITIVE_INFINITY }, 'timeout', 'an integer', 'got Infinity'],
    [{ closeTimeout: 1.5 }, 'closeTimeout', 'an integer', 'got 1.5'],
    [{ signal: {} }, 'signal', 'an AbortSignal', 'an object'],
    [{ signal: new AbortController() }, 'signal', 'an instance of AbortController'],
    [{ localAddress: 'localhost' }, 'localAddress', 'an IP address', 'got "localhost"'],
    [{ localAddress: [] }, 'localAddress', 'an IP address', 'an array of 0 elements'],
    [{ localAddress: ['127.0.0.1', 2] }, 'localAddress[1]', 'an IP address', 'got 2'],
    [{ maxPayload: 0 }, 'maxPayload', 'an integer from 1 to 2147483647 (bytes)', 'got 0'],
    [{ maxPayload: 2 ** 31 }, 'maxPayload', 'got 2147483648'],
    [{ highWaterMark: -1 }, 'highWaterMark', 'an integer from 0', 'got -1'],
    [{ lookup: 'dns' }, 'lookup', 'a function like dns.lookup', 'got "dns"'],
    [{ handler: './h.js' }, 'handler', 'the absolute path', 'import.meta.url'],
    [{ handler: 'file://[' }, 'handler', 'a file: URL'],
    [{ handler: '/srv/h.js\0' }, 'handler', 'the absolute path', 'got "/srv/h.js\\u0000"'],
    [{ handler: 'file:///srv/h.js\0' }, 'handler', 'a file: URL'],
    [{ handler: 'file:///srv/\nh.js' }, 'handler', 'a file: URL'],
    [{ handler: new URL('file:///srv/h.js%00') }, 'handler', 'a file: URL'],
    [{ handler: new URL('http://h/') }, 'handler', 'a file: URL', 'an instance of URL'],
    [{ handler: () => 1 }, 'handler', 'a file: URL', 'a function'],
    [{ data: { run: () => 1 } }, 'data', 'structuredClone()', 'an object'],
    [{ data: Symbol('x') }, 'data', 'structuredClone()', 'a symbol'],
  ])('refuses %j', (options, option, ...said) => {
    expectRefusal(() => parse(options), option, said);
  });

  it.each<[unknown, part: string, reason: string]>([
    [{ headers: { a: 'x\r\nHost: evil' } }, 'header "a"', 'a carriage return (CR) at position 1'],
    [{ headers: { a: ['ok', 'x\n'] } }, 'header "a"', 'a line feed (LF) at position 1'],
    [{ headers: { a: '\0' } }, 'header "a"', 'a NUL at position 0'],
    [{ headers: { a: '\u001b[2J' } }, 'header "a"', 'U+001B at position 0'],
    [{ headers: { a: 'caf\u00e9 \u20ac' } }, 'header "a"', 'U+20AC at position 5'],
    [{ headers: { 'a\r\nb': 'x' } }, 'name of a header', 'a carriage return (CR)'],
    [{ headers: { Origin: 'http://h\r\n' } }, 'header "Origin"', 'a carriage return (CR)'],
    [{ origin: 'http://h\0' }, 'header "Origin"', 'a NUL at position 8'],
    [{ protocols: 'a\nb' }, 'subprotocol', 'a line feed (LF) at position 1'],
    [{ protocols: ['a', 'b\0'] }, 'subprotocol', 'a NUL at position 1'],
  ])('refuses %j, which would forge a request', (options, part, reason) => {
    const error = thrownBy(() => parse(options));
    expect(error.code).toBe('ERR_INVALID_HEADER');
    expect(error.message).toContain(`The ${part} holds ${reason}`);
  });

  it('takes Latin-1 and tabs in header values', () => {
    expect(parse({ headers: { a: 'caf\u00e9\t!' } }).headers).toEqual([['a', 'caf\u00e9\t!']]);
  });

  it('shows no credentials, whatever is wrong with them', () => {
    const secret = 'hunter2';
    for (const options of [
      { headers: { authorization: `${secret}\n` } },
      { headers: secret },
      { headers: { 'sec-websocket-key': secret } },
      { tls: { key: secret } },
      { tls: { key: [{ pem: secret }] } },
      { tls: { key: [{ pem: 1, passphrase: secret, other: secret }] } },
      { tls: { passphrase: [secret] } },
      { data: { secret, run: () => secret } },
    ]) {
      const { message, details } = thrownBy(() => parse(options));
      expect(message).not.toContain(secret);
      expect(JSON.stringify(details)).not.toContain(secret);
    }
  });

  it('shortens what it shows', () => {
    const error = thrownBy(() => parse({ localAddress: 'x'.repeat(5000) }));
    expect(error.message).toContain('xxx"... (5000 characters)');
    expect(error.message.length).toBeLessThan(200);
  });

  it('has a schema for each option of the types', () => {
    type Known = keyof typeof connectDefaultsSchema.shape;
    expectTypeOf<Known>().toEqualTypeOf<Exclude<keyof ConnectOptions, 'signal'>>();
  });

  it('is cheap enough for tens of thousands of calls at once', () => {
    const options = { headers: { authorization: 'Bearer x' }, protocols: ['a'], timeout: 5000 };
    const rounds = 20_000;
    for (let call = 0; call < rounds; call++) parseConnectOptions(options, defaults);
    const before = process.cpuUsage();
    for (let call = 0; call < rounds; call++) parseConnectOptions(options, defaults);
    const { user, system } = process.cpuUsage(before);
    // About 2 us; the limit leaves room for slow machines and for coverage.
    expect((user + system) / rounds).toBeLessThan(50);
  });
});

describe('parseConnectManyOptions', () => {
  it('takes connect options, a count and a rate', () => {
    const { signal } = new AbortController();
    const handler = 'file:///handler.js';
    const given = { handler, count: 3, rate: 0.5, timeout: 7, signal };
    expect(parseConnectManyOptions(given, defaults)).toEqual({ ...defaults, ...given });
    expect(parseMany({ handler, count: 1 }).rate).toBe(undefined);
  });

  it.each<[unknown, option: string, ...said: string[]]>([
    [undefined, 'options', 'an object of options'],
    [{}, 'count', 'an integer from 1 to 1000000', 'got undefined'],
    [{ count: 0 }, 'count', 'got 0'],
    [{ count: '5' }, 'count', 'got "5"'],
    [{ count: 1, rate: 0 }, 'rate', 'a number above 0', 'got 0'],
    [{ count: 1, rate: 1e7 }, 'rate', 'up to 1000000'],
    [{ count: 1, rate: Number.POSITIVE_INFINITY }, 'rate', 'got Infinity'],
    [{ count: 1, ratee: 1 }, 'ratee', 'Did you mean "rate"?'],
    [{ count: 1, timeout: 0 }, 'timeout', 'got 0'],
    [{ count: 1 }, 'handler', 'a file: URL or an absolute path', 'got undefined'],
    [{ count: 1, origin: 'a', headers: { origin: 'b' } }, 'origin', 'not both'],
  ])('refuses %j', (options, option, ...said) => {
    expectRefusal(() => parseMany(options), option, said);
  });
});
