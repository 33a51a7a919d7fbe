import { note } from '../errors/phrases.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { Trouble } from './warning.js';

const CODES = {
  leaked: 'LEASE_LEAKED',
  overdue: 'LEASE_OVERDUE',
  returned: 'LEASE_RETURNED',
} as const;

const MEANINGS = {
  leaked:
    'was lost without release(): it has been given back. Release it in a finally block, or take it with withLease() or await using.',
  overdue: 'is still held. Other users of the connection wait for it.',
  returned: 'has ended after all.',
};

/** The warning that goes with a report of a lease. */
export function leaseTrouble(report: LeaseReport): Trouble {
  const { kind, connection, mode, token, label, heldFor, stack } = report;
  const named = note(' "', label, '"');
  return {
    code: CODES[kind],
    message: `The ${mode} lease${named} on connection ${connection}, taken ${heldFor} ms ago, ${MEANINGS[kind]}`,
    connection,
    details: { mode, token, label, heldFor, stack },
  };
}
