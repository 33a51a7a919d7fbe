import { describe, expect, it } from 'vitest';
import { parseTargetOptions } from '../../src/options/target.js';
import { thrownBy } from './support/thrown.js';

const [cert, key] = ['-----BEGIN CERTIFICATE-----', '-----BEGIN PRIVATE KEY-----'];

describe('parseTargetOptions', () => {
  it('has a default for each', () => {
    expect(parseTargetOptions()).toEqual({
      ...{ host: '127.0.0.1', ports: [0], mode: 'echo', raw: false, identity: undefined },
      ...{ size: 64, maxPayload: 128 * 1024 * 1024, compression: false },
    });
    expect(parseTargetOptions({ host: undefined, mode: undefined })).toEqual(parseTargetOptions());
  });

  it('takes PEM as text and as bytes', () => {
    expect(parseTargetOptions({ cert, key: Buffer.from(key) }).identity).toEqual({
      ...{ cert, key, ecdhCurve: undefined, sigalgs: undefined },
    });
  });

  it('takes groups and signature algorithms', () => {
    const algorithms = { ecdhCurve: 'P-256', sigalgs: 'ed25519' };
    expect(parseTargetOptions({ cert, key, ...algorithms }).identity).toMatchObject(algorithms);
    const auto = parseTargetOptions({ cert, key, ecdhCurve: 'auto' });
    expect(auto.identity?.ecdhCurve).toBe(undefined);
  });

  it.each([
    [5, 'options', 'an object of options'],
    [{ port: 1 }, 'port', undefined],
    [{ host: '' }, 'host', 'a host name or an IP address'],
    [{ host: 'a b' }, 'host', 'a host name or an IP address'],
    [{ host: 'a\0b' }, 'host', 'a host name or an IP address'],
    [{ host: 'a'.repeat(255) }, 'host', 'a host name or an IP address'],
    [{ host: 5 }, 'host', 'a host name or an IP address'],
    [{ ports: 1 }, 'ports', 'a list of ports'],
    [{ ports: [] }, 'ports', 'a list of ports'],
    [{ ports: [0, 65_536] }, 'ports[1]', 'an integer from 0 to 65535'],
    [{ ports: [1.5] }, 'ports[0]', 'an integer from 0 to 65535'],
    [{ mode: 'loud' }, 'mode', '"echo" or "sink" or "flood" or "close"'],
    [{ raw: 1 }, 'raw', 'true or false'],
    [{ size: 0 }, 'size', 'an integer from 1 to 134217728 (bytes)'],
    [{ maxPayload: 2 ** 31 }, 'maxPayload', 'an integer from 1 to 2147483647 (bytes)'],
    [{ cert: '', key }, 'cert', 'PEM: a string, or the bytes of a file'],
    [{ cert, key: 5 }, 'key', 'PEM: a string, or the bytes of a file'],
    [{ cert }, 'key', 'the private key of "cert"'],
    [{ ecdhCurve: 'P-256' }, 'ecdhCurve', 'nothing without "cert"'],
    [{ sigalgs: 'ed25519' }, 'sigalgs', 'nothing without "cert"'],
    [{ cert, key, ecdhCurve: '' }, 'ecdhCurve', 'groups, "X25519:P-256" for example, or "auto"'],
    [{ key }, 'cert', 'the certificate of "key"'],
  ])('refuses %j', (options, option, takes) => {
    const { code, details } = thrownBy(() => parseTargetOptions(options as never));
    expect(code).toBe('ERR_INVALID_OPTION');
    expect(details).toMatchObject({ option, ...(takes !== undefined && { takes }) });
  });

  it('shows nothing of a key', () => {
    const { message } = thrownBy(() => parseTargetOptions({ cert, key: { hush: 1 } as never }));
    expect(message).not.toContain('hush');
  });
});
