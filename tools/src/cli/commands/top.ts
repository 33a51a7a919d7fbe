import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { decimal, integer } from '../arguments.js';
import { Interrupt } from '../interrupt.js';
import { jsonLine } from '../json.js';
import { STATUS } from '../status.js';
import { WatchClient } from '../top/client.js';
import { COLUMNS, type Column, findColumn } from '../top/columns.js';
import { renderPlain } from '../top/plain.js';
import { initialState } from '../top/state.js';
import { Watch } from '../top/watch.js';

interface TopOptions {
  readonly interval: number;
  readonly once?: true;
  readonly json?: true;
  readonly rows: number;
  readonly sort?: Column;
  readonly filter?: string;
}

const INTERVAL = 2;
/** Between the two looks that rates are counted from. Seconds. */
const LEAST_INTERVAL = 0.1;
const MOST_SECONDS = 3600;
const MOST_ROWS = 1000;
const ROWS = 20;
const LONGEST_FILTER = 100;

const DETAILS = `
The process that is watched opens the socket with pool.listenDebug(path), or
lws-pool load with --debug-socket. Nothing can be changed through it.

Columns to sort by:
${COLUMNS.map(({ title, explains }) => `  ${title.padEnd(8)} ${explains}`).join('\n')}

Examples:
  lws-pool top /run/app/pool.sock
  lws-pool top /run/app/pool.sock --once --sort queue --rows 5`;

export function topCommand(onDone: (status: number) => void): Command {
  return new Command('top')
    .description('Show the connections of a running pool, live.')
    .argument('<path>', 'of its debug socket')
    .option(
      '-i, --interval <s>',
      'seconds between two looks',
      decimal(LEAST_INTERVAL, MOST_SECONDS, 'seconds'),
      INTERVAL,
    )
    .option('--once', 'print one look and end; so it does where there is no terminal')
    .option('--json', 'the same, as one line of JSON')
    .option('-n, --rows <n>', 'connections that are printed', integer(0, MOST_ROWS), ROWS)
    .option('-s, --sort <column>', 'what to sort by (default: id)', column)
    .option('-f, --filter <text>', 'only with this in id, state, type or address', filter)
    .addHelpText('after', DETAILS)
    .action(async (path: string, options: TopOptions) => onDone(await top(path, options)));
}

async function top(path: string, options: TopOptions): Promise<number> {
  const { interval, once, json, sort = COLUMNS[0] as Column, filter = '' } = options;
  using interrupt = new Interrupt();
  using client = await WatchClient.connect(path);
  const state = initialState(sort, filter);
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY;
  if (isTerminal && once === undefined && json === undefined) {
    const { showLive } = await import('../top/live.js');
    await showLive(client, state, interval, interrupt.signal);
    return STATUS.ok;
  }
  const watch = new Watch(client, interval);
  await watch.look(state, options.rows, false);
  await delay(interval * 1e3, undefined, { signal: interrupt.signal }).catch(() => undefined);
  await watch.look(state, options.rows, false);
  const text = json ? jsonLine(watch.answers) : `${renderPlain(watch.picture, state)}\n`;
  process.stdout.write(text);
  return STATUS.ok;
}

function column(text: string): Column {
  const found = findColumn(text);
  if (found !== undefined) return found;
  const names = COLUMNS.map(({ title }) => title.toLowerCase());
  throw new InvalidArgumentError(`It takes ${names.join(', ')}.`);
}

function filter(text: string): string {
  if (text.length <= LONGEST_FILTER) return text;
  throw new InvalidArgumentError(`It takes at most ${LONGEST_FILTER} characters.`);
}
