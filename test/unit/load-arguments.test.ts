import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../tools/src/cli/program.js';

/** None of these gets as far as loading the addon. */
const URL = 'ws://127.0.0.1:1/';
let directory: string;
let notPem: string;
let printed: { out: string; err: string };

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lws-pool-test-'));
  notPem = join(directory, 'not.pem');
  writeFileSync(notPem, 'hello\n');
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => {
  printed = { out: '', err: '' };
  const collect = (stream: 'out' | 'err') => (text: unknown) => {
    printed[stream] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(collect('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(collect('err'));
  return () => {
    vi.restoreAllMocks();
  };
});

describe('wrong use ends with status 2 and says what is wrong', () => {
  it.each<[string[], RegExp]>([
    [[], /Usage: lws-pool/],
    [['laod'], /unknown command 'laod'\n\(Did you mean load\?\)/],
    [['load'], /missing required argument 'url'/],
    [['load', URL, 'other'], /too many arguments/],
    [['load', URL, '--conections', '2'], /unknown option '--conections'\n\(Did you mean --conn/],
    [['load', URL, '--connections', '0'], /'--connections|whole number from 1 to 1,000,000/],
    [['load', URL, '--connections', '1.5'], /whole number from 1 to 1,000,000/],
    [['load', URL, '--connections', '1e3'], /whole number/],
    [['load', URL, '--duration', '-1'], /number of seconds from 0/],
    [['load', URL, '--duration', '5s'], /number of seconds/],
    [['load', URL, '--size', '0'], /whole number from 1/],
    [['load', URL, '--inflight', '0'], /whole number from 1/],
    [['load', URL, '--rate', '0'], /messages per second above 0/],
    [['load', URL, '--rate', 'fast'], /messages per second above 0/],
    [['load', URL, '--threads', '257'], /whole number from 1 to 256/],
    [['load', URL, '--grace', 'x'], /number of seconds/],
    [['load', URL, '--ca', 'a', '--insecure'], /cannot be used with option '--ca <file>'/],
    [['load', URL, '--ca', '/nowhere/ca.pem'], /--ca cannot use .*no such file .*ENOENT/],
    [['load', URL, '--json', '/nowhere/out.json'], /--json cannot use .*ENOENT/],
    [['serve', '--port', '65536'], /whole number from 0 to 65,535/],
    [['serve', '--mode', 'loud'], /Allowed choices are echo, sink, flood, close/],
    [['serve', '--cert', 'a.pem'], /'--cert <file>' and '--key <file>' go together/],
    [['serve', '--key', 'a.pem'], /'--cert <file>' and '--key <file>' go together/],
    [['serve', '--cert', 'a', '--key', 'b', '--ca-out', 'c'], /'--ca-out <file>' is for/],
    [['serve', '--ca-out', '/nowhere/ca.pem'], /--ca-out cannot use .*ENOENT/],
    [['demo', 'now'], /too many arguments/],
    [['top'], /missing required argument 'path'/],
    [['top', '/x', '--interval', '0'], /number of seconds from 0.1 to 3,600/],
    [['top', '/x', '--rows', '1001'], /whole number from 0 to 1,000/],
    [['top', '/x', '--sort', 'beauty'], /It takes id, state, type, address, age/],
    [['top', '/x', '--filter', 'x'.repeat(101)], /at most 100 characters/],
  ])('lws-pool %j', async (args, message) => {
    expect(await run(args)).toBe(2);
    expect(printed.err).toMatch(message);
    expect(printed.out).toBe('');
  });

  it('a file without PEM', async () => {
    expect(await run(['load', URL, '--ca', notPem])).toBe(2);
    expect(printed.err).toBe(`lws-pool: --ca cannot use ${notPem}: there is no PEM in it\n`);
  });

  it('names the command whose help helps', async () => {
    await run(['load', URL, '--size', 'big']);
    expect(printed.err).toMatch(/^lws-pool: option '-s, --size <bytes>' argument 'big' is invalid/);
    expect(printed.err).toContain('Try "lws-pool load --help".');
  });
});

describe('help', () => {
  it.each([
    [['--help']],
    [['help']],
    [['load', '--help']],
    [['serve', '--help']],
    [['top', '--help']],
  ])('lws-pool %j fits a terminal', async (args) => {
    expect(await run(args)).toBe(0);
    expect(printed.err).toBe('');
    const widths = printed.out.split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
    expect(widths.length).toBeGreaterThan(10);
  });

  it('has the version of the package', async () => {
    expect(await run(['--version'])).toBe(0);
    expect(printed.out).toMatch(/^\d+\.\d+\.\d+/);
  });
});
