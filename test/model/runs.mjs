// What is searched, and what has to be found once a rule is broken. The macros are those of
// lease.pml. Each run asks for little of some things and everything of others: together they reach
// every step of the model.

/** @typedef {import('../../scripts/lib/spin.mjs').Search} Search */
/** @typedef {Record<string, number>} Macros */

/** @type {Record<string, { search: Search, macros: Macros }>} */
export const runs = {
  'one holder, and all that can come meanwhile': {
    search: 'safety',
    macros: { ROUNDS: 2, UNITS: 2, SENDS: 1, TLS: 1, EXPIRE: 1, TAINT: 1, TERMINATE: 1, CRASH: 1 },
  },
  'exclusive and shared requests, given up or not': {
    search: 'safety',
    macros: { EXCLUSIVES: 2, SHAREDS: 1, SENDS: 1, CANCEL: 1 },
  },
  'requests while messages are half-written': {
    search: 'safety',
    macros: { SHAREDS: 1, ROUNDS: 1, SENDS: 2, CANCEL: 1, UNITS: 1 },
  },
  'two observers and a connection that closes': {
    search: 'safety',
    macros: { SHAREDS: 2, SENDS: 1, CLOSE: 1, EXPIRE: 1 },
  },
  'requests while the connection closes, is terminated or crashes': {
    search: 'safety',
    macros: { SHAREDS: 1, SENDS: 1, CANCEL: 1, CLOSE: 1, TERMINATE: 1, CRASH: 1 },
  },
  'old names in a slot that is used again': {
    search: 'safety',
    macros: { SHAREDS: 1, ROUNDS: 2, CANCEL: 1, TERMINATE: 1, REUSE: 1 },
  },
  'a descriptor that is taken away': {
    search: 'safety',
    macros: { EXCLUSIVES: 2, UNITS: 1, DETACH: 1, EXPIRE: 1, TERMINATE: 1, CRASH: 1 },
  },
  'operations of a ring that outlive their lease': {
    search: 'safety',
    macros: { ROUNDS: 2, PINS: 1, UNITS: 1, DETACH: 1, EXPIRE: 1, TAINT: 1, CRASH: 1 },
  },
  'two operations, and old ones in a slot that is used again': {
    search: 'safety',
    macros: { ROUNDS: 2, PINS: 2, EXPIRE: 1, TERMINATE: 1, REUSE: 1, HANDED: 1 },
  },
  'leases whose end is left to the worker': {
    search: 'safety',
    macros: { SHAREDS: 1, SENDS: 1, CANCEL: 1, EXPIRE: 1, TERMINATE: 1, REUSE: 1, HANDED: 1 },
  },
  'every request, message and unit comes to an end': {
    search: 'ending',
    macros: { SHAREDS: 1, UNITS: 1, SENDS: 1, TLS: 1, CANCEL: 1, CLOSE: 1 },
  },
  'nor does a lease that lasts too long go on for ever': {
    search: 'ending',
    macros: { EXCLUSIVES: 2, UNITS: 1, SENDS: 1, EXPIRE: 1, TAINT: 1, TERMINATE: 1 },
  },
  'shared leases without end starve no exclusive one': {
    search: 'fairness',
    macros: { SHAREDS: 2, ENDLESS: 1 },
  },
  'nor do sends without end': {
    search: 'fairness',
    macros: { SHAREDS: 1, SENDS: 1, ENDLESS: 1 },
  },
};

const holder = 'one holder, and all that can come meanwhile';
const requests = 'exclusive and shared requests, given up or not';
const writing = 'requests while messages are half-written';
const ends = 'requests while the connection closes, is terminated or crashes';
const reuse = 'old names in a slot that is used again';
const detach = 'a descriptor that is taken away';
const ring = 'operations of a ring that outlive their lease';
const oldOperations = 'two operations, and old ones in a slot that is used again';

/** The rules of lease.pml, and the run in which breaking one shows. */
export const controls = {
  TAKE_IGNORES_OBSERVERS: requests,
  TAKE_IGNORES_WHOLE: holder,
  TAKE_IGNORES_WISHES: 'shared leases without end starve no exclusive one',
  RELEASE_WITHOUT_LOCK: holder,
  RELEASE_IGNORES_WORK: holder,
  RELEASE_IGNORES_PENDING: holder,
  RELEASE_IGNORES_WISHES: requests,
  RELEASE_IGNORES_TAINT: holder,
  RELEASE_IGNORES_TOKEN: detach,
  OBSERVER_IGNORES_GENERATION: reuse,
  NO_NEWS_FROM_OBSERVER: requests,
  USE_FORGETS_WORK: holder,
  NEVER_PARKED: 'nor does a lease that lasts too long go on for ever',
  STAYS_PARKED: holder,
  GRANT_FORGETS_QUEUE: writing,
  NO_BARRIER: 'nor do sends without end',
  BARRIER_BEFORE_OBSERVERS_LEFT: writing,
  BARRIER_WHILE_CLOSING: ends,
  NEWS_ALWAYS_RETURNS: requests,
  LEASE_IS_NOT_TRIED: requests,
  CANCELLED_IS_KEPT: requests,
  CLOSED_IS_NOT_TOLD: ends,
  FINISH_WITHOUT_LOCK: holder,
  FINISH_TOUCHES_DETACHED: detach,
  FREED_BEFORE_REVOKED: holder,
  OPERATION_WITHOUT_CHECK: holder,
  OPERATION_WITHOUT_LOCK: holder,
  DETACHED_STAYS_POLLED: detach,
  TOKENS_START_AGAIN: reuse,
  RELEASE_IGNORES_PINS: ring,
  UNPIN_FORGETS_NEWS: ring,
  UNPIN_IGNORES_LEASE: oldOperations,
  DRAIN_WITHOUT_PATIENCE: ring,
  DRAIN_WITHOUT_TAINT: ring,
  DETACH_IGNORES_PINS: ring,
  HANDED_IS_LOST: 'leases whose end is left to the worker',
};
