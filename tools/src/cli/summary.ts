import type { LoadFigures, LoadReport } from '../load/report.js';
import { succeeded } from '../load/report.js';
import type { LoadSettings } from '../load/settings.js';
import { columns, wrap } from './layout.js';
import { bytes, count, counted, micros, perSecond, seconds } from './quantities.js';
import type { Style } from './style.js';

const INDENT = '  ';
const LABEL = 14;
/** With fewer connections their memory is lost in that of everything else. */
const TELLING = 100;
/** What a rate may miss of its messages before it is worth a word. */
const SHORTFALL = 0.01;

/** The outcome of a load run for people: plain lines, none wider than `width`. */
export function renderSummary(report: LoadReport, style: Style, width: number): string {
  const { figures } = report;
  const sections = [
    [style.strong(report.url), style.faint(describe(report.settings, figures.threads))],
    [
      ...countLines(report, style),
      ...latencyLines(figures, style),
      ...memoryLines(figures, style),
      ...leaseLines(figures, style, width),
    ],
    failureLines(figures, style, width),
    verdictLines(report, style, width),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function describe({ connections, size, inflight, rate }: LoadSettings, threads: number): string {
  const parts = [counted(connections, 'connection'), `messages of ${bytes(size)}`];
  if (rate !== undefined) parts.push(perSecond(rate));
  if (rate === undefined || inflight !== undefined) parts.push(`${inflight ?? 1} in flight each`);
  parts.push(counted(threads, 'thread'));
  return parts.join(', ');
}

/** Connections and messages in one grid. */
function countLines(
  { figures, openingSeconds, sentPerSecond, settings }: LoadReport,
  style: Style,
) {
  const { connections, messages } = figures;
  const { opened, failed } = connections;
  const { sent, received, lost } = messages;
  const rows: Row[] = [{ label: 'connections', cells: [count(opened), 'opened'] }];
  if (opened > 0) {
    rows[0]?.cells.push(perSecond(connections.perSecond), `in ${seconds(openingSeconds)}`);
  }
  if (failed > 0) rows.push({ cells: [count(failed), 'failed'], paint: style.bad });
  if (sent > 0) {
    const pace = (rate: number) => [perSecond(rate), `${bytes(rate * settings.size)}/s`];
    rows.push(
      { label: 'messages', cells: [count(sent), 'sent', ...pace(sentPerSecond)] },
      { cells: [count(received), 'answered', ...pace(messages.perSecond)] },
      { cells: [count(lost), 'lost'], ...(lost > 0 && { paint: style.bad }) },
    );
  }
  const lines = columns(
    rows.map(({ cells }) => cells),
    [0, 2, 3],
  );
  return rows.map(({ label = '', paint = identity }, at) =>
    labelled(label, paint(lines[at] ?? ''), style),
  );
}

interface Row {
  readonly label?: string;
  readonly cells: string[];
  readonly paint?: (text: string) => string;
}

function identity(text: string): string {
  return text;
}

function latencyLines({ latencyMicros }: LoadFigures, style: Style): string[] {
  const { p50, p90, p99, p999, max } = latencyMicros;
  const shown = { p50, p90, p99, 'p99.9': p999, max };
  const known = Object.entries(shown).flatMap(([name, value]) =>
    value === null ? [] : [[name, micros(value)] as const],
  );
  if (known.length === 0) return [];
  const [names = '', values = ''] = columns(
    [known.map(([name]) => name), known.map(([, value]) => value)],
    [],
  );
  return [labelled('latency', style.faint(names), style), labelled('', values, style)];
}

function memoryLines({ memory, connections }: LoadFigures, style: Style): string[] {
  const { rssPerConnection } = memory;
  if (rssPerConnection === null || connections.opened < TELLING) return [];
  return [labelled('memory', `${bytes(rssPerConnection)} per connection`, style)];
}

function leaseLines({ lease }: LoadFigures, style: Style, width: number): string[] {
  if (lease === null) return [];
  const { descriptor, rttMicros, congestionWindow, tls, heldMicros } = lease;
  const shown = [
    `descriptor ${descriptor}`,
    `round trip ${micros(rttMicros)}`,
    `congestion window ${congestionWindow}`,
    ...(tls === null ? [] : [`${tls.version} ${tls.cipher}`]),
  ];
  const held = `one connection in mid-traffic, held for ${micros(heldMicros)}`;
  const room = width - INDENT.length - LABEL;
  const lines = [
    ...wrap(shown.join(', '), room),
    ...wrap(held, room).map((line) => style.faint(line)),
  ];
  return lines.map((line, at) => labelled(at === 0 ? 'lease' : '', line, style));
}

function failureLines({ errors }: LoadFigures, style: Style, width: number): string[] {
  const digits = Math.max(0, ...errors.map((error) => count(error.count).length));
  const margin = ' '.repeat(digits + 2);
  const room = width - INDENT.length - LABEL - margin.length;
  const lines = errors.flatMap(({ code, count: times, message }) => [
    `${style.bad(count(times).padStart(digits))}  ${code}`,
    ...wrap(message, room).map((line) => margin + line),
  ]);
  return lines.map((line, at) => labelled(at === 0 ? 'failures' : '', line, style));
}

function verdictLines(report: LoadReport, style: Style, width: number): string[] {
  const lines = (text: string, paint: (text: string) => string) =>
    wrap(text, width - INDENT.length).map((line) => INDENT + paint(line));
  const { settings, shortfall, interrupted, figures } = report;
  const verdict: string[] = [];
  if (interrupted) verdict.push(...lines('Interrupted: the run ended early.', style.warning));
  if (settings.rate !== undefined && shortfall > settings.rate * SHORTFALL) {
    const text = `The rate was not reached: ${perSecond(shortfall)} were due and not sent. The server or this machine is at its limit.`;
    verdict.push(...lines(text, style.warning));
  }
  const problems = problemsOf(figures);
  if (problems.length > 0) verdict.push(...lines(`${problems.join(', ')}.`, style.bad));
  else if (succeeded(figures)) verdict.push(...lines(success(figures), style.good));
  return verdict;
}

function success({ connections, messages }: LoadFigures): string {
  const opened = connections.requested === 1 ? 'The connection' : 'All connections';
  return messages.sent === 0 ? `${opened} opened.` : `${opened} opened and no message was lost.`;
}

function problemsOf({ connections, messages, errors }: LoadFigures): string[] {
  const { failed, requested } = connections;
  const all = errors.reduce((sum, error) => sum + error.count, 0);
  const broken = all - failed;
  const problems: string[] = [];
  if (failed > 0) problems.push(`${count(failed)} of ${counted(requested, 'connection')} failed`);
  if (broken > 0) problems.push(`${counted(broken, 'connection')} broke`);
  if (messages.lost > 0) problems.push(`${counted(messages.lost, 'message')} lost`);
  return problems;
}

function labelled(label: string, text: string, style: Style): string {
  return `${INDENT}${style.strong(label)}${' '.repeat(LABEL - label.length)}${text}`;
}
