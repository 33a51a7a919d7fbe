import { subject } from '../lib/targets.mjs';
import { columns } from './columns.mjs';
import {
  machineOf,
  median,
  notesOf,
  ratio,
  settingsOf,
  spread,
  verdict,
  versionsOf,
} from './format.mjs';

/**
 * The report as people read it in a terminal.
 *
 * @param {import('../lib/page.mjs').Page} page
 * @param {number} width  of the terminal: the spread is left out where it would not fit
 */
export function tableText(page, width = process.stdout.columns ?? 200) {
  const parts = [
    ...page.runs.map((run) => [machineOf(run), versionsOf(run), settingsOf(run)]),
    ...page.scopes.flatMap((scope) => tablesOf(scope, page, width)),
    notesOf(page),
  ];
  const said = parts.filter((lines) => lines.length > 0);
  return `${said.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** One scope, with the peers that it is about. */
function tablesOf(scope, page, width) {
  const missing = new Set(
    page.runs.flatMap(({ peers }) => peers.filter((peer) => !peer.available).map((p) => p.name)),
  );
  const full = figures(scope, missing, true);
  const fits = full[0].length <= width || full[1].length <= width;
  const spreadNote = fits ? 'Medians (lowest-highest round)' : 'Medians';
  return [
    [scope.title],
    fits ? full : figures(scope, missing, false),
    verdicts(scope),
    [`${spreadNote}. ${scope.units}.`],
  ];
}

/** What each peer used. */
function figures({ peers, rows }, missing, withSpread) {
  const cell = (peer, { results, unit }) => {
    const result = results[peer];
    if (missing.has(peer) && !result) return 'not available';
    if (!result) return '-';
    if (result.error) return 'failed';
    const range = withSpread && spread(result);
    return range ? `${median(result, unit)} (${range})` : median(result, unit);
  };
  const body = rows.map((row) => [row.title, ...peers.map((peer) => cell(peer, row))]);
  return columns([['', ...peers], ...body]);
}

/** What that says of the one the targets are for: a line for each target. */
function verdicts({ peers, rows }) {
  const others = peers.filter((name) => name !== subject);
  const head = [
    `${subject} by comparison`,
    ...others.map((name) => `/ ${name}`),
    'to reach',
    'met',
  ];
  const body = rows.flatMap(({ title, ratios, targets }) => {
    const [first = { text: '-', met: null }, ...more] = targets;
    return [
      [title, ...others.map((name) => ratio(ratios[name])), first.text, verdict(first.met)],
      ...more.map(({ text, met }) => ['', ...others.map(() => ''), text, verdict(met)]),
    ];
  });
  return columns([head, ...body]);
}
