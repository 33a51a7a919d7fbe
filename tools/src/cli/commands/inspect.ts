import { Command, Option } from 'commander';
import type { InspectReport } from '../../inspect/report.js';
import { INSPECT_DEFAULTS, type InspectSettings } from '../../inspect/settings.js';
import { decimal, integer } from '../arguments.js';
import { openOutput, readPem } from '../files.js';
import { renderPage } from '../inspect/page.js';
import { Interrupt } from '../interrupt.js';
import { jsonLine } from '../json.js';
import { styleFor, widthOf } from '../style.js';

interface InspectOptions {
  readonly header?: readonly string[];
  readonly origin?: string;
  readonly protocol?: readonly string[];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: true;
  readonly servername?: string;
  readonly timeout: number;
  readonly pings: number;
  readonly resume: boolean;
  readonly json?: string | true;
}

const MOST_PINGS = 1_000;
const MOST_SECONDS = 3_600;

const DETAILS = `
The exit status says what is wrong:
   0  nothing                        20  no TLS version in common
   1  something else                 21  TLS handshake failed
   2  called wrongly                 22  certificate expired
  10  name not found                 23  certificate not yet valid
  11  name look-up failed            24  certificate for another host
  12  connection refused             25  certificate self-signed
  13  address not reached            26  issuer not trusted
  14  no answer in time              27  certificate otherwise invalid
  15  connection cut                 30  upgrade refused
                                     31  answer is no upgrade
                                     32  no subprotocol, or one not offered
                                     33  closed as soon as it was open
                                     34  ping not answered

Values of headers and parameters that may be secrets are not shown.

Examples:
  lws-pool inspect wss://example.com/feed
  lws-pool inspect wss://localhost:8443/ --ca ca.pem --json | jq .tls.chain`;

export function inspectCommand(onDone: (status: number) => void): Command {
  const { timeout, pings } = INSPECT_DEFAULTS;
  return new Command('inspect')
    .description('Connect to an endpoint once, and show all that can be seen of it.')
    .argument('<url>', 'ws:, wss:, tcp://host:port, ws+unix:/path:/request, unix:/path')
    .option('-H, --header <line>', 'send this header, "Name: value"; repeatable', appended)
    .option('--origin <origin>', 'send this Origin header')
    .option('--protocol <name>', 'offer this subprotocol; repeatable', appended)
    .option('--ca <file>', 'trust the certificates in this PEM file, and no others')
    .addOption(
      new Option('--insecure', 'take any certificate; for tests of your own').conflicts('ca'),
    )
    .option('--cert <file>', 'certificate chain of the client (PEM)')
    .option('--key <file>', 'its private key (PEM)')
    .option('--servername <name>', 'name to ask for (SNI) and to verify, in place of the host')
    .option(
      '--timeout <s>',
      'seconds for each: the name look-up, the opening, an answer to a ping',
      decimal(0.001, MOST_SECONDS, 'seconds'),
      timeout / 1000,
    )
    .option('--pings <n>', 'pings to send, one after the other', integer(0, MOST_PINGS), pings)
    .option('--no-resume', 'open no second connection to resume the TLS session')
    .option('--json [file]', 'write all of it as JSON to a file, or print it in place of the page')
    .addHelpText('after', DETAILS)
    .action(async (url: string, options: InspectOptions, command: Command) => {
      checkTogether(options, command);
      onDone(await inspect(url, options));
    });
}

function checkTogether({ cert, key, header = [] }: InspectOptions, command: Command): void {
  if ((cert === undefined) !== (key === undefined)) {
    command.error("error: options '--cert <file>' and '--key <file>' go together");
  }
  // The line is not repeated: it may hold a secret.
  if (header.some((line) => line.indexOf(':') < 1)) {
    command.error('error: option \'--header <line>\' takes a header as "Name: value"');
  }
}

async function inspect(url: string, options: InspectOptions): Promise<number> {
  const settings = settingsOf(url, options);
  const path = options.json === true ? '-' : options.json;
  // Before anything is sent, as with a load run.
  const json = path === undefined ? undefined : openOutput('--json', path);
  using interrupt = new Interrupt();
  const { runInspection } = await import('../../inspect/run.js');
  const report = await runInspection(settings, interrupt.signal);
  if (path !== '-') printPage(report);
  json?.write(jsonLine(report));
  return report.exitStatus;
}

function printPage(report: InspectReport): void {
  const { stdout } = process;
  stdout.write(renderPage(report, styleFor(stdout), widthOf(stdout)));
}

function settingsOf(url: string, options: InspectOptions): InspectSettings {
  const {
    header = [],
    origin,
    protocol = [],
    ca,
    cert,
    key,
    servername,
    timeout,
    pings,
    resume,
  } = options;
  return {
    url,
    headers: headersOf(header),
    origin,
    protocols: protocol,
    ca: ca === undefined ? undefined : readPem('--ca', ca),
    cert: cert === undefined ? undefined : readPem('--cert', cert),
    key: key === undefined ? undefined : readPem('--key', key),
    insecure: options.insecure === true,
    servername,
    timeout: Math.ceil(timeout * 1000),
    pings,
    resume,
  };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()];
  }
  return headers;
}

function appended(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
