import { parseArgs } from 'node:util';
import { rowsOf, scopes, sets } from '../../scopes/index.mjs';
import { serverNames } from '../server.mjs';
import { subject } from '../targets.mjs';
import { countOf, oneOf, someOf } from '../values.mjs';

const scopeNames = [...Object.keys(sets), ...Object.keys(scopes)];

/** With fewer rounds of each, no difference is beyond chance. */
const leastRuns = 6;

export const usageText = `Usage: npm run bench:compare BASE [-- options]

Is lws-pool slower than it was in commit BASE? Builds BASE apart, once, and measures it in turns with
the working tree, against the same server. Exit status: 0, 1 if something got worse, 2 for a wrong
command line.

  --scope NAMES     ${scopeNames.join(', ')};
                    several with commas (baseline)
  --rows IDS        only these rows of them, with commas (all)
  --runs N          measured rounds, after one that is thrown away (8, at least ${leastRuns})
  --effect PERCENT  a smaller difference does not count (3)
  --quick           ${leastRuns} rounds and a tenth of the work: does it run, not how fast
  --server NAME     ${serverNames.join(', ')} (auto)
  --reporter NAME   table, json (table)
  --help`;

/** @param {string[]} commandLine */
export function readOptions(commandLine) {
  const { values, positionals } = parseArgs({
    args: commandLine,
    allowPositionals: true,
    options: {
      scope: { type: 'string', default: 'baseline' },
      rows: { type: 'string' },
      runs: { type: 'string' },
      effect: { type: 'string', default: '3' },
      quick: { type: 'boolean', default: false },
      server: { type: 'string', default: 'auto' },
      reporter: { type: 'string', default: 'table' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) {
    throw new RangeError(`takes one commit to compare with, got ${positionals.length}`);
  }
  const chosen = rowsOf(someOf('--scope', values.scope, scopeNames)).filter(({ scope, row }) =>
    (row.peers ?? scopes[scope].peers).includes(subject),
  );
  const ids = chosen.map(({ row }) => row.id);
  const wanted = values.rows === undefined ? ids : someOf('--rows', values.rows, ids);
  return {
    base: positionals[0],
    rows: chosen.filter(({ row }) => wanted.includes(row.id)).map(({ row }) => row),
    runs: countOf('--runs', values.runs ?? String(values.quick ? leastRuns : 8), leastRuns),
    effect: percentOf('--effect', values.effect) / 100,
    quick: values.quick,
    server: oneOf('--server', values.server, serverNames),
    reporter: oneOf('--reporter', values.reporter, ['table', 'json']),
    help: false,
  };
}

function percentOf(option, text) {
  const value = /^\d{1,2}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0) return value;
  throw new RangeError(`${option}: got '${text}', takes a number of percent from 0 to 99`);
}
