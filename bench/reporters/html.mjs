import { marked } from 'marked';
import { subject } from '../lib/targets.mjs';
import { chart, isDrawable, markName } from './chart.mjs';
import { escaped } from './escape.mjs';
import {
  dateOf,
  lossText,
  machineOf,
  median,
  notesOf,
  ratio,
  rounded,
  settingsOf,
  versionsOf,
  workloadOf,
} from './format.mjs';
import { fragment } from './fragments.mjs';
import { style } from './html-style.mjs';
import { countsText, limitText, ownText, summaryOf } from './summary.mjs';

/** What is a long list's beginning; the rest unfolds. */
const shownAtOnce = 12;
const chartWidth = 390;

/**
 * One file that needs no other.
 *
 * @param {import('../lib/page.mjs').Page} page
 */
export function htmlText(page) {
  const summary = summaryOf(page);
  const links = page.scopes.map(({ name }) => `<a href="#${name}">${name}</a>`).join(' ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>lws-pool: benchmarks</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>What one WebSocket client costs</h1>
<p class="lead">${escaped(`${subject} next to ${othersIn(page)}, measured in turns against the same server.`)}</p>
${page.quick ? '<p class="warning">A quick run: less work than the rows say. It shows that everything runs, and no more.</p>' : ''}
<nav>${links} <a href="#method">method</a></nav>
</header>
<main>
<section class="overview">
<div>${verdicts(summary)}</div>
<div>${losses(summary)}</div>
</section>
<p class="key">Bars are medians, whiskers the lowest and the highest round, dashed lines targets.
<b class="own">${subject}</b> is blue; epoll, pale, is a bare socket that parses nothing.
A star: the server set the pace.</p>
${page.scopes.map(section).join('\n')}
${method(page)}
</main>
</body>
</html>
`;
}

function othersIn({ peers }) {
  const others = peers.filter((name) => name !== subject);
  return others.length > 0 ? others.join(', ') : 'nobody';
}

function verdicts(summary) {
  const missed = summary.targets.filter(({ target }) => target.met === false);
  const lines = missed.map(
    ({ row, target }) => `<li><a href="#row-${row.id}">${escaped(row.title)}</a>
<span class="figures">${escaped(`${ownText(row)}, to reach: ${target.text}, ${limitText(target, row)}`)}</span></li>`,
  );
  return `<h2>Targets</h2>
<p class="count">${escaped(countsText(summary))}</p>
${lines.length > 0 ? `<h3>Missed</h3><ul>${lines.join('\n')}</ul>` : ''}`;
}

function losses({ losses: found }) {
  if (found.length === 0) {
    return '<h2>Where we lose</h2><p>Nowhere in these rows is another library ahead.</p>';
  }
  const lines = found.map(
    (loss) => `<li><a href="#row-${loss.row.id}">${escaped(loss.row.title)}</a>
<span class="figures">${escaped(lossText(loss))}</span></li>`,
  );
  const [first, more] = [lines.slice(0, shownAtOnce), lines.slice(shownAtOnce)];
  return `<h2>Where we lose</h2>
<p>${found.length} of these rows, the worst first: ${subject}, and every library that is more than 3 % ahead of it.</p>
<ul>${first.join('\n')}</ul>
${more.length > 0 ? `<details class="more"><summary>${more.length} more</summary><ul>${more.join('\n')}</ul></details>` : ''}`;
}

function section({ name, title, units, rows }) {
  return `<section id="${name}">
<h2>${escaped(title[0].toUpperCase() + title.slice(1))}</h2>
${marked.parse(fragment(`scopes/${name}`))}
<p class="units">${escaped(units)}.</p>
<div class="cards">${rows.map(card).join('\n')}</div>
</section>`;
}

function card(row) {
  const direction = row.better === 'more' ? 'more is better' : 'less is better';
  const picture = isDrawable(row)
    ? `<div role="img" aria-label="${escaped(inWords(row))}">${chart([row], { width: chartWidth })}</div>`
    : '<p class="units">Nothing was measured.</p>';
  return `<article id="row-${row.id}">
<h3>${escaped(row.title)}</h3>
<p class="units"><code>${row.id}</code>, ${direction}</p>
${picture}
${targetList(row)}
<details><summary>Figures</summary>
<div class="scroll">${figures(row)}</div>
<p>${escaped(`${row.meaning[0].toUpperCase()}${row.meaning.slice(1)}. ${workloadOf(row)}.`)}</p>
</details>
</article>`;
}

function inWords({ title, results, unit }) {
  const said = Object.entries(results).map(
    ([peer, result]) => `${peer} ${result.error ? 'failed' : median(result, unit)}`,
  );
  return `${title}: ${said.join(', ')}`;
}

function targetList(row) {
  const { targets } = row;
  if (targets.length === 0) return '';
  const classes = { true: 'met', false: 'missed' };
  const words = { true: 'met', false: 'NO' };
  const lines = targets.map(
    (target, index) =>
      `<li><b class="${classes[target.met] ?? 'open'}">${words[target.met] ?? 'not judged'}</b>
${escaped(`${markName(targets, index)}: ${target.text}${target.limit === null ? '' : `, ${limitText(target, row)}`}`)}</li>`,
  );
  return `<ul class="targets">${lines.join('\n')}</ul>`;
}

function figures({ results, ratios, unit }) {
  const percent = (share) => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : '-');
  const lines = Object.entries(results).map(([peer, result]) => {
    if (result.error)
      return `<tr><th>${peer}</th><td colspan="5">failed: ${escaped(result.error)}</td></tr>`;
    const { min, max, clientShare, serverShare } = result;
    const cells = [
      median(result, unit),
      `${rounded(min)}–${rounded(max)}`,
      ratio(ratios[peer]),
      percent(clientShare),
      percent(serverShare),
    ];
    return `<tr><th>${peer}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  return `<table><thead><tr><th></th><th>median</th><th>rounds</th><th>${subject} / it</th><th>client's core</th><th>server's core</th></tr></thead>
<tbody>${lines.join('\n')}</tbody></table>`;
}

function method(page) {
  const runs = page.runs.map(
    (run) => `<dl>
<dt>Command</dt><dd><code>${escaped(run.command)}</code></dd>
<dt>When</dt><dd>${escaped(`${dateOf(run)}, ${Math.max(1, Math.round(run.seconds / 60))} min`)}</dd>
<dt>Machine</dt><dd>${escaped(machineOf(run))}</dd>
<dt>Versions</dt><dd>${escaped(versionsOf(run))}</dd>
<dt>Settings</dt><dd>${escaped(settingsOf(run))}</dd>
</dl>`,
  );
  const notes = notesOf(page).map((note) => `<li>${escaped(note)}</li>`);
  return `<section id="method">
<h2>How it was measured</h2>
${marked.parse(fragment('method'))}
${runs.join('\n')}
${notes.length > 0 ? `<ul>${notes.join('\n')}</ul>` : ''}
<h2>How to read it</h2>
${marked.parse(fragment('reading'))}
</section>`;
}
