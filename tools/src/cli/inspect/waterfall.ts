import type { PhasesReport } from '../../inspect/report.js';
import { columns } from '../layout.js';
import { micros } from '../quantities.js';

const NAMES: Readonly<Record<Exclude<keyof PhasesReport, 'total'>, string>> = {
  lookup: 'name look-up',
  tcp: 'TCP',
  tls: 'TLS',
  upgrade: 'upgrade',
};
/** Eighths of a cell, from one to eight. */
const EIGHTHS = '▏▎▍▌▋▊▉█';

/** A line for each phase: its time, and a bar that begins where the one before has ended. */
export function waterfall(phases: PhasesReport, width: number): string[] {
  const known = Object.entries(NAMES).flatMap(([key, name]) => {
    const time = phases[key as keyof PhasesReport];
    return time === null ? [] : [{ name, time }];
  });
  const labels = columns(
    [...known, { name: 'total', time: phases.total }].map(({ name, time }) => [
      name,
      micros(time * 1e3),
    ]),
    [1],
  );
  const room = width - (labels[0]?.length ?? 0) - 2;
  const sum = known.reduce((all, { time }) => all + time, 0);
  let before = 0;
  return labels.map((label, at) => {
    const time = known[at]?.time;
    if (time === undefined) return label;
    const bar = drawn((before / sum) * room, (time / sum) * room);
    before += time;
    return `${label}  ${bar}`;
  });
}

/** Never less than an eighth: what took a time is seen. */
function drawn(from: number, length: number): string {
  const start = Math.floor(from);
  const eighths = Math.max(1, Math.round(length * 8));
  const rest = eighths % 8;
  return (
    ' '.repeat(start) +
    '█'.repeat(Math.floor(eighths / 8)) +
    (rest === 0 ? '' : (EIGHTHS[rest - 1] ?? ''))
  );
}
