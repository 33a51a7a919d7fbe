import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Command, Option } from 'commander';
import type { TargetCounts, TargetMode } from 'lws-pool/target';
import { escaped } from '../../phrases.js';
import type { ServerIdentity } from '../../target/identity.js';
import type { Listening } from '../../target/process.js';
import { integer, several } from '../arguments.js';
import { readPem, writeText } from '../files.js';
import { Interrupt } from '../interrupt.js';
import { jsonLine } from '../json.js';
import { bytes, counted } from '../quantities.js';
import { STATUS } from '../status.js';
import { type Style, styleFor } from '../style.js';

interface ServeOptions {
  readonly host: string;
  readonly port?: number[];
  readonly mode: TargetMode;
  readonly raw?: true;
  readonly size: number;
  readonly maxPayload: number;
  readonly compress?: true;
  readonly tls?: true;
  readonly caOut?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: true;
  readonly exitWithParent?: true;
}

const MODES: readonly TargetMode[] = ['echo', 'sink', 'flood', 'close'];
const INT32_MAX = 2 ** 31 - 1;
const MAX_PAYLOAD = 128 * 1024 * 1024;
const FLOOD_SIZE = 64;

const DETAILS = `
Modes:
  echo    sends every message back
  sink    takes every message and says nothing
  flood   sends messages of --size bytes as fast as they are taken
  close   closes the connection at its first message

Examples:
  lws-pool serve --port 8080
  lws-pool serve --tls --ca-out ca.pem`;

export function serveCommand(onDone: (status: number) => void): Command {
  return new Command('serve')
    .description('Run a server to test connections with: WebSocket or raw, plain or TLS.')
    .option(
      '-p, --port <n>',
      'port (default: 0, one that is free); given again: one more',
      several(integer(0, 65_535)),
    )
    .option('--host <host>', 'name or address to listen on', '127.0.0.1')
    .addOption(
      new Option('-m, --mode <mode>', 'what is done with messages').choices(MODES).default('echo'),
    )
    .option('--raw', 'take bytes as they come, without WebSocket')
    .option(
      '-s, --size <bytes>',
      'bytes of each message that floods',
      integer(1, MAX_PAYLOAD),
      FLOOD_SIZE,
    )
    .option('--max-payload <bytes>', 'largest message taken', integer(1, INT32_MAX), MAX_PAYLOAD)
    .option('--compress', 'compress messages (permessage-deflate) for clients that offer it')
    .option('--tls', 'speak TLS, with a certificate for this machine made at start')
    .option('--ca-out <file>', 'write the CA certificate that clients have to trust; implies --tls')
    .option('--cert <file>', 'certificate chain of your own (PEM); implies --tls')
    .option('--key <file>', 'its private key (PEM)')
    .option('--json', 'print one JSON line when listening, and one at the end')
    .option('--exit-with-parent', 'end when standard input does')
    .addHelpText('after', DETAILS)
    .action(async (options: ServeOptions, command: Command) => {
      checkTogether(options, command);
      onDone(await serve(options));
    });
}

function checkTogether({ cert, key, caOut }: ServeOptions, command: Command): void {
  if ((cert === undefined) !== (key === undefined)) {
    command.error("error: options '--cert <file>' and '--key <file>' go together");
  }
  if (cert !== undefined && caOut !== undefined) {
    command.error("error: option '--ca-out <file>' is for certificates made at start");
  }
}

async function serve(options: ServeOptions): Promise<number> {
  const { createTarget } = await import('lws-pool/target');
  const identity = await identityOf(options);
  const { host, mode, raw, size, maxPayload, port: ports, compress: compression } = options;
  const settings = { host, ports, mode, raw, size, maxPayload, compression };
  const target = await createTarget({ ...settings, cert: identity?.cert, key: identity?.key });
  using interrupt = new Interrupt();
  announce(options, {
    host: target.host,
    port: target.ports[0] ?? 0,
    url: target.urls[0] ?? '',
    urls: target.urls,
    tls: identity !== undefined,
    mode: options.mode,
    ...(options.caOut !== undefined && { ca: options.caOut }),
  });
  await untilEnd(options, interrupt.signal);
  const counts = target.counts();
  await target.close();
  conclude(options, counts);
  return STATUS.ok;
}

async function identityOf(options: ServeOptions): Promise<ServerIdentity | undefined> {
  const { tls, cert, key, caOut, host } = options;
  if (cert !== undefined && key !== undefined) {
    return { cert: readPem('--cert', cert), key: readPem('--key', key), ca: undefined };
  }
  if (tls === undefined && caOut === undefined) return undefined;
  const { makeIdentity } = await import('../../target/identity.js');
  const identity = await makeIdentity(host);
  if (caOut !== undefined) writeText('--ca-out', caOut, identity.ca ?? '');
  return identity;
}

async function untilEnd({ exitWithParent }: ServeOptions, signal: AbortSignal): Promise<void> {
  const ends: Promise<unknown>[] = [once(signal, 'abort')];
  if (exitWithParent) {
    // Broken is over, too.
    ends.push(finished(process.stdin.resume()).catch(() => undefined));
  }
  await Promise.race(ends);
  // Else it would keep the process.
  process.stdin.destroy();
}

function announce({ json, mode }: ServeOptions, listening: Listening): void {
  if (json) {
    process.stdout.write(jsonLine(listening));
    return;
  }
  const style = styleFor(process.stdout);
  const lines = [
    ...listening.urls.map((url) => `${style.strong(escaped(url))}  ${mode}, until Ctrl+C`),
    ...trust(listening, style),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function trust({ tls, ca }: Listening, style: Style): string[] {
  if (!tls) return [];
  return ca === undefined ? [] : [style.faint(`clients trust it with --ca ${escaped(ca)}`)];
}

function conclude({ json }: ServeOptions, counts: TargetCounts): void {
  const text = `${counted(counts.opened, 'connection')}, ${counted(counts.messages, 'message')}, ${bytes(counts.bytes)} received`;
  process.stdout.write(json ? jsonLine(counts) : `${text}\n`);
}
