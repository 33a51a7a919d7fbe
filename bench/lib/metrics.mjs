/**
 * What a row reads from a peer's result line.
 *
 * @typedef {object} Metric
 * @property {string} unit
 * @property {string} meaning
 * @property {(result: import('../peers/contract/result.mjs').Result) => number} read
 */

/** One of the figures that a peer measured by itself. */
const figure = (name, unit, meaning) => ({ unit, meaning, read: ({ figures }) => figures[name] });

/** @type {Record<string, Metric>} */
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
  takeP50: figure('p50', 'us', 'from asking to having it, by the clock: half took no longer'),
  takeP99: figure('p99', 'us', 'from asking to having it, by the clock: 99 % took no longer'),
  takeMax: figure('max', 'us', 'from asking to having it, by the clock: the longest'),
  releaseP50: figure('releaseP50', 'us', 'giving it back, by the clock: half took no longer'),
  wakeUps: figure('wakeUps', '', 'how often the worker thread woke up meanwhile'),
  perSecond: figure('perSecond', '/s', 'taken and given back per second, by the clock'),
  ratio: figure('ratio', '', 'answers per second with leases, divided by those without'),
  millis: figure('millis', 'ms', 'by the clock, the median of the passes after the first'),
  firstMillis: figure('firstMillis', 'ms', 'by the clock, the first pass'),
};
