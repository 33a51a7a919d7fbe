/**
 * The part of a row on which it depends whether a peer can do it at all.
 *
 * @typedef {object} Question
 * @property {string} mode
 * @property {boolean} [tls]
 * @property {'worker' | 'main' | 'native' | 'lease'} [driver]
 */

const ofClients = ['connect', 'close', 'idle', 'echo', 'burst', 'receive', 'send', 'latency'];
const ofLocks = ['take', 'pairs'];
const ofLeases = [...ofLocks, 'traffic', 'throughput', 'all', 'requests', 'sample', 'scrape'];
const ofDrivers = {
  worker: [...ofClients, 'paced', 'bio'],
  main: ofClients,
  native: ['receive'],
  lease: ofLeases,
};

/** Those that have no choice of where their code runs do a row of any driver but `lease`. */
export const asClient = ({ mode, driver }) => driver !== 'lease' && ofClients.includes(mode);
export const asPlainClient = (question) => !question.tls && asClient(question);
export const asSocket = ({ mode }) => mode === 'requests';
export const asLock = ({ mode }) => ofLocks.includes(mode);
export const asLwsPool = ({ mode, driver }) => (ofDrivers[driver] ?? []).includes(mode);
