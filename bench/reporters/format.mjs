import { subject } from '../lib/targets.mjs';

/** How figures and settings are said, the same in every report. */

/** Three digits that count. */
export function rounded(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 100) {
    return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  }
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** `4.61 us`, with a star if the server set the pace. */
export function median({ median: value, serverBound }, unit) {
  return `${`${rounded(value)} ${unit}`.trim()}${serverBound ? '*' : ''}`;
}

/** `4.40-4.92`, or nothing if all rounds say the same. */
export function spread({ min, max }) {
  const [low, high] = [rounded(min), rounded(max)];
  return low === high ? '' : `${low}-${high}`;
}

export function ratio(value) {
  if (value === undefined) return '-';
  return value >= 100 ? rounded(value) : value.toFixed(2);
}

export function verdict(met) {
  if (met === null) return '-';
  return met ? 'yes' : 'NO';
}

/** `24 November 2026, 15:04` in universal time. */
export function dateOf({ startedAt }) {
  const form = { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' };
  return `${new Intl.DateTimeFormat('en-GB', form).format(new Date(startedAt)).replace(' at ', ', ')} UTC`;
}

export function machineOf({ machine }) {
  const { cpu, cores, memoryBytes, kernel, loadAverage } = machine;
  const memory = `${rounded(memoryBytes / 2 ** 30)} GiB`;
  return `${cpu}, ${cores} cores, ${memory}, ${kernel}, load ${loadAverage.toFixed(1)} at the start`;
}

export function versionsOf({ versions }) {
  return Object.entries(versions)
    .map((entry) => entry.join(' '))
    .join(', ');
}

export function settingsOf({ settings }) {
  const { cores, unpinned, server, quick, runs } = settings;
  const places = cores
    ? `server on core ${cores.server}, client on core ${[cores.client].flat().join(', ')}`
    : `server and client not pinned to cores: ${unpinned}`;
  const count = `${runs} ${runs === 1 ? 'round' : 'rounds'}`;
  const rounds = quick ? `quick: ${count}, less work` : count;
  return `server: ${server}, ${places}, ${rounds}`;
}

/** The options of a workload that are not in every row's title. */
export function workloadOf({ workload }) {
  return Object.entries(workload)
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${said(value)}`))
    .join(', ');
}

function said(value) {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}

/** `62.2 us; bun 41.8 us, 1.49 times as good; deno 60.0 us, 1.04 times (rounds overlap)`. */
export function lossText({ row, leads }) {
  const others = leads.map(({ peer, factor, isClear }, index) => {
    const figure = median(row.results[peer], row.unit);
    const times = `${factor.toFixed(2)} times${index === 0 ? ' as good' : ''}`;
    return `${peer} ${figure}, ${times}${isClear ? '' : ' (rounds overlap)'}`;
  });
  return [median(row.results[subject], row.unit), ...others].join('; ');
}

export const serverBoundNote =
  "the server's core was the busier one and 90 % full or more: the server set the pace.";

export const quickNote = 'Quick: less work than the rows say; it only shows that everything runs.';

/** As much of an error as goes into a line. */
export function firstLines(text) {
  return text.split('\n', 3).join(' ');
}

/** What has to be said below the figures, in full sentences or nearly. */
export function notesOf({ runs, scopes, quick }) {
  const rows = scopes.flatMap((scope) => scope.rows);
  const notes = [];
  if (rows.some(({ results }) => Object.values(results).some((result) => result.serverBound))) {
    notes.push(`* ${serverBoundNote}`);
  }
  const reasons = runs.flatMap(({ peers }) => peers.filter(({ reason }) => reason));
  for (const text of new Set(
    reasons.map(({ name, reason }) => `${name}: not available: ${reason}`),
  ))
    notes.push(text);
  for (const { id, results } of rows) {
    for (const [name, { error }] of Object.entries(results)) {
      if (error) notes.push(`${name}, ${id}: failed: ${firstLines(error)}`);
    }
  }
  return quick ? [...notes, quickNote] : notes;
}
