/**
 * What a row reads from a peer's result line.
 *
 * @typedef {object} Metric
 * @property {string} unit
 * @property {string} meaning
 * @property {(result: import('../peers/contract/result.mjs').Result) => number} read
 */

/** @type {Record<'cpuPerUnit' | 'mainThreadPerUnit' | 'memoryPerConnection' | 'failures', Metric>} */
export const metrics = {
  cpuPerUnit: {
    unit: 'us',
    meaning: 'CPU time, user and system, of the whole client process per message or per connection',
    read: (result) => result.perUnitMicros,
  },
  mainThreadPerUnit: {
    unit: 'us',
    meaning: "CPU time, user and system, of the client's main thread per message",
    read: (result) => result.cpuMicros.mainThread / result.messages,
  },
  memoryPerConnection: {
    unit: 'KB',
    meaning:
      'growth of the resident memory of the client process per connection, 1 KB = 1024 bytes',
    read: (result) => (result.rssBytesAfter - result.rssBytesBefore) / result.opened / 1024,
  },
  failures: {
    unit: '',
    meaning: 'connections that did not open, get their echo and close as they should',
    read: (result) => result.failed,
  },
};
