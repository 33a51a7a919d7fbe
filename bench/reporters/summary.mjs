import { lossesIn, missesIn } from '../lib/losses.mjs';
import { subject } from '../lib/targets.mjs';
import { median, rounded } from './format.mjs';

/** What both written reports begin with: the targets of all scopes, and where others are ahead. */
export function summaryOf(page) {
  const rows = page.scopes.flatMap((scope) => scope.rows);
  const judged = rows.flatMap((row) => row.targets.map((target) => ({ row, target })));
  return {
    targets: judged,
    met: judged.filter(({ target }) => target.met === true).length,
    missed: missesIn(rows).length,
    notJudged: judged.filter(({ target }) => target.met === null).length,
    losses: lossesIn(rows),
  };
}

/** `6.55 us`, and who that is where the target does not say it. */
export function limitText({ limit, against }, { unit }) {
  if (limit === null) return 'not measured';
  return `${rounded(limit)} ${unit}`.trim() + (against ? ` (${against})` : '');
}

export function ownText({ results, unit }) {
  const own = results[subject];
  if (!own) return '-';
  return own.error ? 'failed' : median(own, unit);
}

export function countsText({ targets, met, missed, notJudged }) {
  if (targets.length === 0) return 'No row here has a target.';
  const parts = [`${met} of ${targets.length} targets met`, `${missed} missed`];
  if (notJudged > 0) parts.push(`${notJudged} not judged: what they compare with was not measured`);
  return `${parts.join(', ')}.`;
}
