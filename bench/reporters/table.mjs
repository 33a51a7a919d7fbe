import { subject } from '../lib/targets.mjs';
import { scopes } from '../scopes/index.mjs';

/** The report as people read it. */
export function printTable(report) {
  const tables = report.settings.scopes.flatMap((name) => tablesOf(name, report));
  const parts = [heading(report), ...tables, footnotes(report)];
  const said = parts.filter((lines) => lines.length > 0);
  console.log(said.map((lines) => lines.join('\n')).join('\n\n'));
}

/** One scope, with the peers that it is about. */
function tablesOf(name, { peers, rows }) {
  const { peers: about, units } = scopes[name];
  const own = {
    peers: peers.filter((peer) => about.includes(peer.name)),
    rows: rows.filter((row) => row.scope === name),
  };
  if (own.rows.length === 0) return [];
  return [figures(own), verdicts(own), [`Medians (lowest-highest round). ${units}.`]];
}

function heading({ machine, versions, settings }) {
  const { cores, unpinned } = settings;
  const places = cores
    ? `server on core ${cores.server}, client on core ${cores.client}`
    : `server and client not pinned to cores: ${unpinned}`;
  const rounds = settings.quick
    ? `quick: ${settings.runs} rounds, less work`
    : `${settings.runs} rounds`;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, load ${machine.loadAverage.toFixed(1)} at the start`,
    Object.entries(versions)
      .map((entry) => entry.join(' '))
      .join(', '),
    `server: ${settings.server}, ${places}, ${rounds}`,
  ];
}

/** What each peer used. */
function figures({ peers, rows }) {
  const names = peers.map(({ name }) => name);
  const body = rows.map(({ title, results, unit }) => [
    title,
    ...peers.map(({ name, available }) =>
      available ? figure(results[name], unit) : 'not available',
    ),
  ]);
  return align([['', ...names], ...body]);
}

/** What that says of the one the targets are for. */
function verdicts({ peers, rows }) {
  const others = peers.map(({ name }) => name).filter((name) => name !== subject);
  const head = [
    `${subject} by comparison`,
    ...others.map((name) => `/ ${name}`),
    'to reach',
    'met',
  ];
  const body = rows.map(({ title, ratios, target, met }) => [
    title,
    ...others.map((name) => ratio(ratios[name])),
    target?.text ?? '-',
    verdict(met),
  ]);
  return align([head, ...body]);
}

/** `4.61 us (4.40-4.92)`, with a star if the server set the pace. */
function figure(result, unit) {
  if (!result) return '-';
  if (result.error) return 'failed';
  const { median, min, max, serverBound } = result;
  const star = serverBound && unit === 'us' ? '*' : '';
  const spread = min === max ? '' : ` (${rounded(min)}-${rounded(max)})`;
  return `${`${rounded(median)} ${unit}`.trim()}${star}${spread}`;
}

function ratio(value) {
  return value === undefined ? '-' : value.toFixed(2);
}

function verdict(met) {
  if (met === null) return '-';
  return met ? 'yes' : 'NO';
}

/** Three digits that count. */
function rounded(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 100) {
    return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  }
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  text.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return text;
}

function footnotes({ peers, rows, settings }) {
  const notes = [];
  if (rows.some(({ results }) => Object.values(results).some(({ serverBound }) => serverBound))) {
    notes.push(
      "* the server's core was the busier one and 90 % full or more: the server set the pace.",
    );
  }
  for (const { name, reason } of peers) {
    if (reason) notes.push(`${name}: not available: ${reason}`);
  }
  for (const { id, results } of rows) {
    for (const [name, { error }] of Object.entries(results)) {
      if (error) notes.push(`${name}, ${id}: failed: ${error.split('\n', 3).join(' ')}`);
    }
  }
  if (settings.quick)
    notes.push('Quick: less work than the rows say; it only shows that everything runs.');
  return notes;
}
