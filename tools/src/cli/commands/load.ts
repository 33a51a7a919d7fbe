import { Command, Option } from 'commander';
import { succeeded } from '../../load/report.js';
import { LOAD_DEFAULTS, type LoadSettings } from '../../load/settings.js';
import { decimal, integer, rate } from '../arguments.js';
import { openOutput, readPem } from '../files.js';
import { Interrupt } from '../interrupt.js';
import { jsonLine } from '../json.js';
import { STATUS } from '../status.js';
import { printSummary, watchedRun } from '../watched-run.js';

interface LoadOptions {
  readonly connections: number;
  readonly duration: number;
  readonly size: number;
  readonly inflight?: number;
  readonly rate?: number;
  readonly threads?: number;
  readonly insecure?: true;
  readonly ca?: string;
  readonly grace: number;
  readonly json?: string;
  readonly debugSocket?: string;
}

const MOST_CONNECTIONS = 1_000_000;
const MOST_SECONDS = 1_000_000;
const MOST_BYTES = 128 * 1024 * 1024;

const DETAILS = `
Without --rate every answer sends the next message (closed model). With --rate
messages are due at fixed times whether or not answers came, and latency counts
from when a message was due (open model).

The exit status is 0 if all connections opened, no message was lost and none of
the connections broke; 1 if not; 2 if the command was called wrongly.

Examples:
  lws-pool load ws://127.0.0.1:8080/ --connections 1000 --duration 30
  lws-pool load wss://localhost:8443/ --ca ca.pem --rate 50000 --json -`;

export function loadCommand(onDone: (status: number) => void): Command {
  const { connections, duration, size, grace } = LOAD_DEFAULTS;
  return new Command('load')
    .description('Open connections to an echo server, exchange messages, and measure.')
    .argument('<url>', 'ws:, wss:, tcp://host:port, ws+unix:/path:/request, unix:/path')
    .option('-c, --connections <n>', 'connections', integer(1, MOST_CONNECTIONS), connections)
    .option(
      '-d, --duration <s>',
      'seconds of messages; 0: only open and close',
      decimal(0, MOST_SECONDS, 'seconds'),
      duration,
    )
    .option('-s, --size <bytes>', 'bytes of each message', integer(1, MOST_BYTES), size)
    .option(
      '-i, --inflight <k>',
      'most messages of a connection on their way (default: 1; no limit with --rate)',
      integer(1, 1_000_000),
    )
    .option('-r, --rate <m>', 'messages per second over all connections', rate)
    .option(
      '-t, --threads <n>',
      'worker threads (default: one less than there are cores)',
      integer(1, 256),
    )
    .option('--ca <file>', 'trust the certificates in this PEM file, and no others')
    .addOption(
      new Option('--insecure', 'take any certificate; for tests of your own').conflicts('ca'),
    )
    .option(
      '--grace <s>',
      'seconds to wait for the last answers',
      decimal(0, MOST_SECONDS, 'seconds'),
      grace,
    )
    .option('--debug-socket <path>', 'let "lws-pool top <path>" watch the run')
    .option('--json <file>', 'write the figures as JSON; "-" prints them in place of the summary')
    .addHelpText('after', DETAILS)
    .action(async (url: string, options: LoadOptions) => onDone(await load(url, options)));
}

async function load(url: string, options: LoadOptions): Promise<number> {
  const settings = settingsOf(url, options);
  // Before the run: nobody wants to learn of a wrong path when it is over.
  const json = options.json === undefined ? undefined : openOutput('--json', options.json);
  using interrupt = new Interrupt();
  const report = await watchedRun(settings, interrupt.signal);
  if (options.json !== '-') printSummary(report);
  json?.write(jsonLine(report.figures));
  return succeeded(report.figures) ? STATUS.ok : STATUS.failed;
}

function settingsOf(url: string, options: LoadOptions): LoadSettings {
  const { connections, duration, size, inflight, rate, threads, grace } = options;
  return {
    url,
    connections,
    duration,
    size,
    inflight,
    rate,
    threads,
    ca: options.ca === undefined ? undefined : readPem('--ca', options.ca),
    insecure: options.insecure === true,
    debugSocket: options.debugSocket,
    grace,
  };
}
