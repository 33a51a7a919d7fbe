import { markdownTable } from 'markdown-table';
import { subject } from '../lib/targets.mjs';
import { chart, isDrawable } from './chart.mjs';
import {
  dateOf,
  lossText,
  machineOf,
  median,
  notesOf,
  quickNote,
  settingsOf,
  spread,
  verdict,
  versionsOf,
  workloadOf,
} from './format.mjs';
import { fragment } from './fragments.mjs';
import { darkCharts } from './palette.mjs';
import { countsText, limitText, ownText, summaryOf } from './summary.mjs';

const chartWidth = 840;

/**
 * The page of the documentation, and a picture for each scope in a folder named like the page.
 *
 * @param {import('../lib/page.mjs').Page} page
 * @param {string} fileName  of the page
 * @returns {[path: string, text: string][]}  paths from the page's folder on
 */
export function markdownFiles(page, fileName) {
  const folder = fileName.replace(/\.md$/, '');
  const drawn = page.scopes.filter(({ rows }) => rows.some(isDrawable));
  const pictures = drawn.map(({ name, rows }) => [`${folder}/${name}.svg`, picture(rows)]);
  return [[fileName, markdownText(page, folder)], ...pictures];
}

function picture(rows) {
  const svg = chart(rows, { width: chartWidth, columns: 2, titles: true });
  return `${svg.replace(/>/, `><style>${darkCharts}</style>`)}\n`;
}

function markdownText(page, folder) {
  const summary = summaryOf(page);
  const parts = [
    '<!-- Written by `npm run bench -- --reporter markdown` from bench/docs/ and what was measured: change those. -->',
    '# Benchmarks',
    fragment('intro'),
    page.quick ? `**${quickNote}**` : '',
    '## What lws-pool has to reach',
    countsText(summary),
    targetTable(summary),
    '## Where we lose',
    ...losses(summary),
    fragment('losses'),
    ...page.scopes.flatMap((scope) => section(scope, page, folder)),
    '## How it was measured',
    fragment('method'),
    ...page.runs.map(runText),
    ...notes(page),
    '## How to read it',
    fragment('reading'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function targetTable({ targets }) {
  if (targets.length === 0) return '';
  const body = targets.map(({ row, target }) => [
    escaped(row.title),
    target.text,
    limitText(target, row),
    ownText(row),
    target.met === false ? '**NO**' : verdict(target.met),
  ]);
  return table([['', 'to reach', 'which is', subject, 'met'], ...body], ['l', 'l', 'r', 'r', 'c']);
}

function losses({ losses: found }) {
  if (found.length === 0) return ['Nowhere in these rows is another library ahead of lws-pool.'];
  const lines = found.map((loss) => `- ${escaped(`${loss.row.title}: ${lossText(loss)}`)}`);
  return [
    'Computed from the figures below: lws-pool, and every library that is more than 3 % ahead of it.',
    lines.join('\n'),
  ];
}

function section(scope, page, folder) {
  const { name, title, rows, units, runs } = scope;
  const isDrawn = rows.some(isDrawable);
  const commands = runs.map((run) => `    ${page.runs[run].command}`).join('\n');
  return [
    `## ${sentence(title)}`,
    fragment(`scopes/${name}`),
    commands,
    figures(scope),
    `Medians, below them the lowest and the highest round. ${units}.${starNote(rows)}`,
    isDrawn ? `![${sentence(title)}: a bar for each peer](${folder}/${name}.svg)` : '',
    '<details><summary>How each figure was made</summary>',
    rows.map(recipe).join('\n'),
    '</details>',
  ];
}

function starNote(rows) {
  const bound = rows.some(({ results }) => Object.values(results).some((r) => r.serverBound));
  return bound ? ' \\* The server set the pace.' : '';
}

function figures({ rows, peers }) {
  const cell = (row, peer) => {
    const result = row.results[peer];
    if (!result) return '-';
    if (result.error) return 'failed';
    const range = spread(result);
    const value = median(result, row.unit).replace('*', '\\*');
    const said = peer === subject ? `**${value}**` : value;
    return range ? `${said}<br><sub>${range}</sub>` : said;
  };
  const body = rows.map((row) => [escaped(row.title), ...peers.map((peer) => cell(row, peer))]);
  return table([['', ...peers], ...body], ['l', ...peers.map(() => 'r')]);
}

function recipe(row) {
  const share = serverShares(row);
  return `- \`${row.id}\`: ${row.meaning}. ${sentence(workloadOf(row))}.${share ? ` ${share}` : ''}`;
}

/** How busy the server was, over all peers. */
function serverShares({ results }) {
  const shares = Object.values(results)
    .map(({ serverShare }) => serverShare)
    .filter(Number.isFinite);
  if (shares.length === 0) return '';
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map((s) => Math.round(s * 100));
  return `The server used ${low === high ? low : `${low} to ${high}`} % of its core.`;
}

function runText(run) {
  const took = `${Math.max(1, Math.round(run.seconds / 60))} min`;
  return [
    `\`${run.command}\`, ${dateOf(run)}, ${took}`,
    '',
    `- ${machineOf(run)}`,
    `- ${versionsOf(run)}`,
    `- ${settingsOf(run)}`,
  ].join('\n');
}

function notes(page) {
  const lines = notesOf(page).filter((note) => note !== quickNote);
  return lines.length > 0 ? [lines.map((note) => `- ${escaped(note)}`).join('\n')] : [];
}

const table = (lines, align) => markdownTable(lines, { align, alignDelimiters: true });
const escaped = (text) =>
  text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;');
const sentence = (text) => text[0].toUpperCase() + text.slice(1);
