import { columns } from './columns.mjs';
import { firstLines, machineOf, rounded, settingsOf, versionsOf } from './format.mjs';

const verdicts = {
  worse: 'WORSE',
  better: 'better',
  same: '-',
  failed: 'FAILED',
  unknown: 'base failed',
};

/** @param {Awaited<ReturnType<typeof import('../lib/compare/comparison.mjs').compare>>} comparison */
export function comparisonText(comparison) {
  const { base, now, rows, settings } = comparison;
  const body = rows.map((row) => [
    row.title,
    figure(row.base, row.unit),
    figure(row.now, row.unit),
    percent(row.change),
    row.chance === null ? '-' : chanceText(row.chance),
    verdicts[row.verdict],
  ]);
  const effect = `${rounded(settings.effect * 100)} %`;
  const parts = [
    [machineOf(comparison), versionsOf(comparison), settingsOf(comparison)],
    [`base: ${base}`, `now:  ${now}`],
    columns([['', 'base', 'now', 'change', 'by chance', 'significant'], ...body]),
    [
      `Medians of ${settings.runs} rounds each. By chance: how likely so much of a difference is if there is none`,
      `(permutation test of the ranks). Significant: at most 1 % by chance, and at least ${effect}.`,
    ],
    rows.flatMap(({ id, errors }) =>
      Object.entries(errors).map(([build, text]) => `${build}, ${id}: failed: ${firstLines(text)}`),
    ),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function figure(value, unit) {
  return value === null ? '-' : `${rounded(value)} ${unit}`.trim();
}

function percent(change) {
  if (change === null || !Number.isFinite(change)) return '-';
  return `${change > 0 ? '+' : ''}${(change * 100).toFixed(1)} %`;
}

function chanceText(chance) {
  return chance < 0.001 ? '< 0.1 %' : `${(chance * 100).toFixed(1)} %`;
}
