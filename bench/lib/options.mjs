import { parseArgs } from 'node:util';
import { peers } from '../peers/index.mjs';
import { scopes } from '../scopes/index.mjs';

const peerNames = peers.map((peer) => peer.name);

export const usageText = `Usage: npm run bench [-- options]

  --scope NAMES     ${Object.keys(scopes).join(', ')}; several with commas (baseline)
  --rows IDS        only these rows of the scope, with commas (all)
  --peers NAMES     ${peerNames.join(', ')}; several with commas (all)
  --server NAME     own: lws-pool serve, ws: a server on npm ws, auto: own once it is built (auto)
  --runs N          measured rounds, after one that is thrown away (5)
  --quick           two rounds and a tenth of the work: does it run, not how fast
  --reporter NAME   table, json (table)
  --help`;

/**
 * @typedef {object} Options
 * @property {string[]} scopes
 * @property {string[] | null} rows  null: all of them
 * @property {string[]} peers
 * @property {'own' | 'ws' | 'auto'} server
 * @property {number} runs
 * @property {boolean} quick
 * @property {'table' | 'json'} reporter
 * @property {boolean} help
 */

/**
 * @param {string[]} commandLine
 * @returns {Options}
 */
export function readOptions(commandLine) {
  const { values } = parseArgs({
    args: commandLine,
    options: {
      scope: { type: 'string', default: 'baseline' },
      rows: { type: 'string' },
      peers: { type: 'string', default: peerNames.join(',') },
      server: { type: 'string', default: 'auto' },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      reporter: { type: 'string', default: 'table' },
      help: { type: 'boolean', default: false },
    },
  });
  const chosenScopes = someOf('--scope', values.scope, Object.keys(scopes));
  const rowIds = chosenScopes.flatMap((name) => scopes[name].rows.map((row) => row.id));
  return {
    scopes: chosenScopes,
    rows: values.rows === undefined ? null : someOf('--rows', values.rows, rowIds),
    peers: someOf('--peers', values.peers, peerNames),
    server: oneOf('--server', values.server, ['own', 'ws', 'auto']),
    runs: countOf('--runs', values.runs ?? (values.quick ? '2' : '5')),
    quick: values.quick,
    reporter: oneOf('--reporter', values.reporter, ['table', 'json']),
    help: values.help,
  };
}

function oneOf(option, value, choices) {
  if (choices.includes(value)) return value;
  throw new RangeError(`${option}: got '${value}', takes ${choices.join(', ')}`);
}

function someOf(option, list, choices) {
  const values = list.split(',').map((value) => value.trim());
  return [...new Set(values)].map((value) => oneOf(option, value, choices));
}

function countOf(option, text) {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new RangeError(`${option}: got '${text}', takes a whole number from 1 to 9999`);
}
