import { describe, expect, it } from 'vitest';
import { parseConnectionUrl } from '../../src/connection/url.js';
import { thrownBy } from './support/thrown.js';

describe('parseConnectionUrl', () => {
  it('reads ws: and wss:', () => {
    expect(parseConnectionUrl('ws://example.com/chat?x=1&y=%0d%0a')).toEqual({
      kind: 'ws',
      secure: false,
      url: 'ws://example.com/chat?x=1&y=%0d%0a',
      host: 'example.com',
      port: 80,
      unixPath: undefined,
      path: '/chat?x=1&y=%0d%0a',
      hostHeader: 'example.com',
      auth: undefined,
      authority: 'example.com:80',
    });
    expect(parseConnectionUrl('wss://example.com')).toMatchObject({
      ...{ secure: true, port: 443, path: '/', hostHeader: 'example.com' },
      authority: 'example.com:443',
    });
  });

  it('names the port in the Host header where it is not the own one of the scheme', () => {
    expect(parseConnectionUrl('ws://h:443/').hostHeader).toBe('h:443');
    expect(parseConnectionUrl('ws://h:80/').hostHeader).toBe('h');
    expect(parseConnectionUrl('wss://h:80/').hostHeader).toBe('h:80');
  });

  it('puts brackets around IPv6 where they belong', () => {
    expect(parseConnectionUrl('wss://[::1]/')).toMatchObject({
      ...{ host: '::1', hostHeader: '[::1]', authority: '[::1]:443' },
    });
    expect(parseConnectionUrl('tcp://[::1]:9')).toMatchObject({
      host: '::1',
      authority: '[::1]:9',
    });
  });

  it('brings names and addresses into their normal form, for tcp: too', () => {
    expect(parseConnectionUrl('ws://B\u00fcCHER.example/\u00e9')).toMatchObject({
      ...{ host: 'xn--bcher-kva.example', path: '/%C3%A9' },
    });
    expect(parseConnectionUrl('tcp://B\u00fcCHER.example:80')).toMatchObject({
      ...{
        kind: 'raw',
        host: 'xn--bcher-kva.example',
        port: 80,
        url: 'tcp://xn--bcher-kva.example:80',
      },
    });
    expect(parseConnectionUrl('tcp://0x7f.1:5').host).toBe('127.0.0.1');
  });

  it('reads tcp:', () => {
    expect(parseConnectionUrl('tcp://example.com:7/')).toEqual({
      kind: 'raw',
      secure: false,
      url: 'tcp://example.com:7',
      host: 'example.com',
      port: 7,
      unixPath: undefined,
      path: '',
      hostHeader: '',
      auth: undefined,
      authority: 'example.com:7',
    });
  });

  it('reads ws+unix:', () => {
    expect(parseConnectionUrl('ws+unix:/run/app.sock:/chat?x=a:b')).toEqual({
      kind: 'ws',
      secure: false,
      url: 'ws+unix:/run/app.sock:/chat?x=a:b',
      host: 'localhost',
      port: 0,
      unixPath: '/run/app.sock',
      path: '/chat?x=a:b',
      hostHeader: 'localhost',
      auth: undefined,
      authority: '/run/app.sock',
    });
    expect(parseConnectionUrl('ws+unix:///run/app.sock')).toMatchObject({
      ...{ unixPath: '/run/app.sock', path: '/' },
    });
    expect(parseConnectionUrl('ws+unix:/a%20b%3A%3F%25:/').unixPath).toBe('/a b:?%');
  });

  it('reads unix:', () => {
    expect(parseConnectionUrl('unix:/run/app:1.sock')).toMatchObject({
      ...{ kind: 'raw', unixPath: '/run/app:1.sock', path: '', hostHeader: '', port: 0 },
    });
    expect(parseConnectionUrl(`unix:/${'x'.repeat(102)}`).unixPath).toHaveLength(103);
  });

  it('encodes spaces in path and query', () => {
    expect(parseConnectionUrl('ws://h/a b?c d')).toMatchObject({
      ...{ path: '/a%20b?c%20d', url: 'ws://h/a%20b?c%20d' },
    });
    expect(parseConnectionUrl('ws://h?a b').path).toBe('/?a%20b');
    expect(parseConnectionUrl('ws+unix:/a b:/c d?e f')).toMatchObject({
      ...{ unixPath: '/a b', path: '/c%20d?e%20f' },
    });
    expect(parseConnectionUrl('unix:///a b').unixPath).toBe('/a b');
  });

  it('takes a URL object', () => {
    const url = new URL('ws://u:p@h/x');
    expect(parseConnectionUrl(url)).toMatchObject({ url: 'ws://h/x', path: '/x' });
    expect(url.href).toBe('ws://u:p@h/x');
  });

  it('makes Basic authorization of user and password', () => {
    const auth = (url: string) => {
      const value = parseConnectionUrl(url).auth;
      return value === undefined ? undefined : Buffer.from(value.slice(6), 'base64').toString();
    };
    expect(parseConnectionUrl('ws://u:p@h/').auth).toBe('Basic dTpw');
    expect(parseConnectionUrl('ws://u:p@h/').url).toBe('ws://h/');
    expect(auth('ws://u@h/')).toBe('u:');
    expect(auth('ws://:p@h/')).toBe(':p');
    expect(auth('ws://us%40er:p%3A%C3%A9@h/')).toBe('us@er:p:\u00e9');
    expect(auth('ws://u:100%@h/')).toBe('u:100%');
    expect(auth('ws://h/')).toBe(undefined);
  });

  it('answers the same, frozen target for the same text, but keeps no credentials', () => {
    const target = parseConnectionUrl('ws://cached.example/');
    expect(parseConnectionUrl('ws://cached.example/')).toBe(target);
    expect(Object.isFrozen(target)).toBe(true);
    expect(parseConnectionUrl('ws://u:p@h/')).not.toBe(parseConnectionUrl('ws://u:p@h/'));
    const long = `ws://h/${'x'.repeat(2000)}`;
    expect(parseConnectionUrl(long)).not.toBe(parseConnectionUrl(long));
  });

  it('forgets the oldest of many', () => {
    const target = parseConnectionUrl('ws://first.example/');
    for (let at = 0; at < 256; at++) parseConnectionUrl(`ws://h/${at}`);
    expect(parseConnectionUrl('ws://first.example/')).not.toBe(target);
    expect(parseConnectionUrl('ws://h/255')).toBe(parseConnectionUrl('ws://h/255'));
  });

  it.each<[unknown, ...said: string[]]>([
    [undefined, 'Argument "url" takes a string or a URL: ws://, wss://,', 'it got undefined.'],
    [null, 'it got null.'],
    [5, 'it got 5.'],
    [{ href: 'ws://h/' }, 'it got an object.'],
    ['', 'not a valid URL', 'Taken are ws://, wss://, tcp://host:port'],
    ['example.com/chat', '"example.com/chat"', 'not a valid URL'],
    ['ws://', 'not a valid URL'],
    ['ws://h:99999/', 'not a valid URL'],
    ['ws://h:0/', 'port 0'],
    ...[' ws://h/', 'ws://h/ ', 'ws://h /', 'ws://a b@h/', 'ws://h x', 'ws:// h/', 'ws://h ?x'].map(
      (url): [string, string] => [url, 'a space outside of its path and query'],
    ),
    ...['ws://h/\tx', 'ws://h/\u007f', 'ws://h/\u001f'].map((url): [string, string] => [
      url,
      'a control character',
    ]),
    ['ws://h/x#part', 'a fragment', '%23'],
    ['ws://h/#', 'a fragment'],
    ['tcp://h:1/#', 'a fragment'],
    ['http://h/', 'the scheme "http:"', 'Use ws://'],
    ['https://h/', 'the scheme "https:"', 'Use wss://'],
    ['tls://h:1', 'the scheme "tls:"', 'unix:/path'],
    ['localhost:80', 'the scheme "localhost:"'],
    ['tcp://h', 'it names no port', 'tcp://host:port'],
    ['tcp://h:0', 'port 0'],
    ['tcp:h:1', 'it names no host', 'tcp://host:port'],
    ['tcp:///h', 'it names no host'],
    ['tcp://a%00b:1', 'not valid'],
    ['tcp://a%2Fb:1', 'not valid'],
    ['tcp://h:1/path', 'no path'],
    ['tcp://h:1?query', 'no query'],
    ['tcp://u:p@h:1', 'no place for credentials'],
    ['ws://a%3Ab:p@h/', 'RFC 7617'],
    ['ws://a:p%0d%0a@h/', 'RFC 7617'],
    ['unix:relative', 'not absolute', 'unix:/path'],
    ['ws+unix:./relative:/x', 'not absolute', 'ws+unix:/path:/request'],
    ['unix:', 'not absolute'],
    ['unix:/', 'names no socket'],
    ['ws+unix:/:/x', 'names no socket'],
    ['ws+unix://run/app.sock', '"run" stands where a host would'],
    ['ws+unix:/run/app.sock:chat', 'does not begin with "/"'],
    ['ws+unix:/run/app.sock:', 'does not begin with "/"'],
    ['ws+unix:/run/app.sock?x=1', 'the query stands behind the socket'],
    ['unix:/run/app.sock?x', 'the query stands behind the socket'],
    ['unix:/run/%00', 'a control character'],
    ['unix:/run/%ff', 'not UTF-8'],
    ['unix:/run/%zz', 'not UTF-8'],
    ['wss://.example.com/', 'a part of the name is empty'],
    ['wss://.com/', 'a part of the name is empty'],
    ['wss://./', 'a part of the name is empty'],
    ['ws://a..b/', 'a part of the name is empty'],
    ['wss://example.com../', 'a part of the name is empty'],
    ['wss://\u3002example.com/', 'a part of the name is empty'],
    ['tcp://.example.com:1', 'a part of the name is empty'],
    [`wss://${'a'.repeat(64)}.com/`, 'longer than 63 characters'],
    [`wss://${'a.'.repeat(126)}com/`, 'longer than 253 characters'],
    [`unix:/${'\u00e9'.repeat(54)}`, 'has 109 bytes'],
  ])('refuses %j', (url, ...said) => {
    const error = thrownBy(() => parseConnectionUrl(url as string));
    expect(error.code).toBe('ERR_INVALID_URL');
    for (const text of said) expect(error.message).toContain(text);
  });

  it.each([
    ['ws://h/a\r\nHost: evil', 'a carriage return (CR)'],
    ['ws://h/a\nb', 'a line feed (LF)'],
    ['ws://h/a\0b', 'a NUL'],
    ['tcp://h:1\n', 'a line feed (LF)'],
  ])('refuses %j, which would forge a request', (url, reason) => {
    const error = thrownBy(() => parseConnectionUrl(url));
    expect(error.code).toBe('ERR_INVALID_HEADER');
    expect(error.message).toContain(`The URL holds ${reason}`);
  });

  it.each([
    'ws://user:hunter2@h/#x',
    'http://user:hunter2@h/',
    'ws://user:hunter2@h:port/',
    'ws://user:hunter2/x@h/',
    'user:hunter2@h',
    'ws://user:hunter2 @h/',
    'tcp://user:hunter2@h:1',
    'ws://user:hunter2%00@h/',
  ])('shows no credentials of %s', (url) => {
    const error = thrownBy(() => parseConnectionUrl(url));
    expect(error.message).not.toContain('hunter2');
    expect(JSON.stringify(error.details)).not.toContain('hunter2');
  });
});
