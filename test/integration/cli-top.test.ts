import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandLine, lwsPool, startServe, temporaryDirectory } from '../fixtures/command-line.js';
import { tcpServer } from '../fixtures/servers.js';
import { KEY, TerminalSession } from '../fixtures/terminal.js';

/** A load run that can be watched, and the path of its socket. */
async function running(...args: string[]) {
  const { listening } = await startServe();
  const path = join(temporaryDirectory(), 'debug');
  const load = new CommandLine([
    ...['load', listening.url, '--connections', '30', '--threads', '2', '--duration', '600'],
    ...['--rate', '300', '--debug-socket', path, ...args],
  ]);
  await load.untilPrinted('stderr', /exchanging/);
  return { path, load, port: listening.port };
}

describe('lws-pool top', () => {
  it('shows a running pool, and quits with q', async () => {
    const { path, load, port } = await running();
    const top = new TerminalSession(['top', path, '--interval', '0.2']);
    await top.until(/messages\/s +in \d/);
    expect(top.isAlternate).toBe(true);
    expect(top.isCursorHidden).toBe(true);
    const { lines } = top;
    expect(lines[0]).toMatch(
      new RegExp(`^lws-pool \\S+ {2}process ${load.process.pid} +every 0\\.2 s$`),
    );
    expect(lines[1]).toMatch(/^connections {2}30 open/);
    expect(lines[4]).toMatch(/^worker 0 {5}\[[| ]+\d+%\] +15 conns/);
    expect(lines[6]).toMatch(
      /^ID +STATE +TYPE ADDRESS +AGE +M\/s< +M\/s> +B\/s< +B\/s> QUEUE +RTT$/,
    );
    expect(lines[7]).toMatch(new RegExp(`^\\d+\\.\\d+\\.1 +open +ws +127\\.0\\.0\\.1:${port} `));
    expect(lines[23]).toMatch(/^q quit.*1-16 of 30$/);
    // What no character of UTF-8 begins with: a terminal of another kind, or something pasted.
    top.type(Uint8Array.of(0x80, 0xff, 0xc3));
    top.type('q');
    expect(await top.end()).toEqual({ status: 0, isRestored: true });
    // The load run has not noticed.
    const { status } = await load.kill('SIGINT');
    expect(status).toBe(0);
  });

  it('moves, sorts, filters, pauses and shows one connection', async () => {
    const { path } = await running();
    const top = new TerminalSession(['top', path, '--interval', '0.2']);
    await top.until(/1-16 of 30/);
    top.type(KEY.end);
    await top.until(/15-30 of 30/);
    top.type('r');
    await top.until(/1-16 of 30/);
    const id = /^\S+/.exec(top.lines[7] as string)?.[0] as string;
    top.type('/');
    await top.until(/filter: _/);
    for (const character of id) top.type(character);
    await top.until(new RegExp(`filter: ${id}_ .*of \\d+ \\(30\\)`));
    top.type(KEY.enter);
    await top.until(/^"[\d.]+"/m);
    top.type(' ');
    await top.until(/paused/);
    top.type(KEY.enter);
    await top.until(/Traffic/);
    expect(top.text).toMatch(new RegExp(`id +${id}$`, 'm'));
    expect(top.text).toMatch(/first message +\S+ (ago|now)/);
    top.type(KEY.escape);
    await top.until(/ADDRESS/);
    top.type('h');
    await top.until(/Keys/);
    top.type(' ');
    await top.until(/ADDRESS/);
    top.type(KEY.interrupt);
    expect(await top.end()).toEqual({ status: 0, isRestored: true });
  });

  it('fits the terminal when that is resized', async () => {
    const { path } = await running();
    const top = new TerminalSession(['top', path, '--interval', '0.2']);
    await top.until(/1-16 of 30/);
    top.resize(120, 40);
    await top.until(/LEASE *\n[\s\S]*1-30 of 30/);
    expect(top.lines[0]?.length).toBe(120);
    top.resize(40, 10);
    await top.until(/ADDRESS\n[\s\S]*1-3 of 30/);
    top.type(KEY.escape);
    expect(await top.end()).toEqual({ status: 0, isRestored: true });
  });

  it('says so when the process that it watches dies', async () => {
    const { path, load } = await running();
    const top = new TerminalSession(['top', path, '--interval', '0.2']);
    await top.until(/1-16 of 30/);
    await load.kill('SIGKILL');
    expect(await top.end()).toEqual({ status: 1, isRestored: true });
    const said = top.text.replaceAll('\n', '');
    expect(said).toContain(`cannot watch ${path}: the process has ended, or closed the socket`);
  });

  it('restores the terminal at SIGTERM', async () => {
    const { path } = await running();
    const top = new TerminalSession(['top', path]);
    await top.until(/1-16 of 30/);
    top.signal('SIGTERM');
    expect(await top.end()).toEqual({ status: 0, isRestored: true });
  });

  it('restores the terminal when it crashes', async () => {
    const { path } = await running();
    const crash = 'process.on("SIGUSR2",()=>{throw(new(Error)("as_meant"))})';
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}` };
    const top = new TerminalSession(['top', path], { env });
    await top.until(/1-16 of 30/);
    top.signal('SIGUSR2');
    const { status, isRestored } = await top.end();
    expect({ isRestored, failed: status !== 0 }).toEqual({ isRestored: true, failed: true });
    expect(top.output).toContain('as_meant');
  });
});

describe('without a terminal', () => {
  it('prints one look', async () => {
    const { path, port } = await running();
    const args = ['top', path, '--interval', '0.1', '--rows', '3', '--sort', 'M/s<'];
    const { status, stdout, stderr } = await lwsPool(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(4 + 2 + 1 + 3 + 1);
    expect(lines[6]).toMatch(/^ID .* LEASE$/);
    expect(lines[7]).toContain(`127.0.0.1:${port}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there are to be none.
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it('prints it as JSON', async () => {
    const { path } = await running();
    const { stdout } = await lwsPool('top', path, '--interval', '0.1', '--json', '--rows', '2');
    const { stats, connections } = JSON.parse(stdout);
    expect(stats.connections.open).toBe(30);
    expect(connections).toMatchObject({ total: 30, matching: 30 });
    expect(connections.rows).toHaveLength(2);
  });
});

describe('what cannot be watched', () => {
  const listening = async (greeting: string) => {
    const path = join(temporaryDirectory(), 'socket');
    await tcpServer((peer) => peer.write(greeting), { path });
    return path;
  };
  const greeting = { 'lws-pool': '9.9', pid: 1 };

  it.each<[string, () => Promise<string> | string, string]>([
    ['nothing', () => join(temporaryDirectory(), 'no'), 'nothing is there'],
    ['a directory', () => temporaryDirectory(), 'nobody listens there'],
    ['a page of HTTP', () => listening('HTTP/1.1 200 OK\r\n\r\n'), 'it is no debug socket'],
    ['JSON of others', () => listening('{"error":{"code":7}}\n'), 'it is no debug socket'],
    ['an error of ours', () => listening('{"error":"too many"}\n'), 'too many'],
    [
      'a later version',
      () => listening(`${JSON.stringify({ ...greeting, protocol: 2 })}\n`),
      'it speaks as lws-pool 9.9',
    ],
  ])('%s: it says so, and ends with 1', async (_, make, why) => {
    const path = await make();
    const { status, stdout, stderr } = await lwsPool('top', path, '--once');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`lws-pool: cannot watch ${path}: ${why}`);
  });
});
