import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { succeeded } from '../../load/report.js';
import { LOAD_DEFAULTS, type LoadSettings } from '../../load/settings.js';
import { TargetProcess } from '../../target/process.js';
import { Interrupt } from '../interrupt.js';
import { STATUS } from '../status.js';
import { styleFor } from '../style.js';
import { printSummary, watchedRun } from '../watched-run.js';

const CONNECTIONS = 500;
const SECONDS = 5;
const CA = 'ca.pem';
interface DemoOptions {
  readonly debugSocket?: string;
}

const INTRODUCTION = `${CONNECTIONS} WebSocket connections for ${SECONDS} seconds each time: first plain, then over TLS
with verified certificates. The server is a process of its own.

`;

export function demoCommand(onDone: (status: number) => void): Command {
  return new Command('demo')
    .description('See it work: 500 plain and 500 TLS connections, five seconds each.')
    .option('--debug-socket <path>', 'let "lws-pool top <path>" watch it')
    .action(async (options: DemoOptions) => onDone(await demo(options)));
}

async function demo({ debugSocket }: DemoOptions): Promise<number> {
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const directory = mkdtempSync(join(tmpdir(), 'lws-pool-demo-'));
  try {
    process.stdout.write(INTRODUCTION);
    const plain = await exchange([], debugSocket, signal);
    const tls =
      !signal.aborted &&
      (await exchange(['--tls', '--ca-out', join(directory, CA)], debugSocket, signal));
    return plain && tls ? STATUS.ok : STATUS.failed;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A run against a target of its own, which is gone afterwards. Returns whether all went well. */
async function exchange(
  serve: string[],
  debugSocket: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  await using target = await TargetProcess.start(...serve);
  const { url, ca } = target.listening;
  explain(url, ca !== undefined);
  const settings: LoadSettings = {
    ...LOAD_DEFAULTS,
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    inflight: undefined,
    rate: undefined,
    threads: undefined,
    ca: ca === undefined ? undefined : readFileSync(ca, 'utf8'),
    insecure: false,
    debugSocket,
  };
  const report = await watchedRun(settings, signal);
  printSummary(report);
  process.stdout.write('\n');
  return succeeded(report.figures);
}

/** The same by hand. */
function explain(url: string, tls: boolean): void {
  const { faint } = styleFor(process.stdout);
  const lines = [
    `$ lws-pool serve${tls ? ` --tls --ca-out ${CA}` : ''}`,
    `$ lws-pool load ${url}${tls ? ` --ca ${CA}` : ''} -c ${CONNECTIONS} -d ${SECONDS}`,
  ];
  process.stdout.write(`${lines.map(faint).join('\n')}\n\n`);
}
