import { describeTarget } from '../lib/targets.mjs';
import { rowsOf, scopes } from '../scopes/index.mjs';
import { columns } from './columns.mjs';

/** What would be measured, and with which peers. */
export function listText({ scopes: names, rows, peers }) {
  const body = rowsOf(names, rows).map(({ scope, row }) => [
    scope,
    row.id,
    row.title,
    (row.targets ?? []).map((target) => describeTarget(target, row.metric)).join('; ') || '-',
    (row.peers ?? scopes[scope].peers).filter((name) => peers.includes(name)).join(' '),
  ]);
  return columns([['scope', 'row', '', 'to reach', 'peers'], ...body]).join('\n');
}
