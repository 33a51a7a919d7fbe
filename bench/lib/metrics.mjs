/**
 * What a row reads from a peer's result line.
 *
 * @typedef {object} Metric
 * @property {string} unit
 * @property {'less' | 'more'} better
 * @property {boolean} [paced]  a server that is too slow changes it
 * @property {string} meaning
 * @property {(result: import('../peers/contract/result.mjs').Result) => number | undefined} read
 *   undefined: the peer does the work, and has nothing of this kind to count
 */

/** One of the figures that a peer measured by itself. */
const figure = (name, unit, meaning, more = {}) => ({
  ...{ unit, meaning, better: 'less', ...more },
  read: ({ figures }) => figures?.[name],
});

const latency = (name, share) =>
  figure(name, 'us', `from when the message was due to its answer, by the clock: ${share}`, {
    paced: true,
  });

const taking = (name, share) =>
  figure(name, 'us', `from asking to having it, by the clock: ${share}`);

const cpuSeconds = ({ cpuMicros }) => (cpuMicros.user + cpuMicros.system) / 1e6;

const grownKilobytes = (field) => (result) => {
  const before = result[`${field}Before`];
  const after = result[`${field}After`];
  return typeof before === 'number' && typeof after === 'number'
    ? (after - before) / result.opened / 1024
    : undefined;
};

/** @type {Record<string, Metric>} */
export const metrics = {
  cpuPerUnit: {
    unit: 'us',
    better: 'less',
    paced: true,
    meaning: 'CPU time, user and system, of the whole client process per message or per connection',
    read: (result) => result.perUnitMicros,
  },
  mainThreadPerUnit: {
    unit: 'us',
    better: 'less',
    paced: true,
    meaning: "CPU time, user and system, of the client's main thread per message",
    read: (result) => result.cpuMicros.mainThread / result.messages,
  },
  messagesPerCpuSecond: {
    unit: '/s',
    better: 'more',
    paced: true,
    meaning: 'messages per second of CPU time, user and system, of the whole client process',
    read: (result) => result.messages / cpuSeconds(result),
  },
  messagesPerWorkerSecond: {
    unit: '/s',
    better: 'more',
    paced: true,
    meaning:
      'messages per second of CPU time of the busiest worker thread: what all workers together could do if each had a core',
    read: ({ messages, threads }) => {
      const busiest = Math.max(0, ...workersOf(threads).map(({ cpuMicros }) => cpuMicros));
      return busiest > 0 ? messages / (busiest / 1e6) : undefined;
    },
  },
  connectionsPerSecond: {
    unit: '/s',
    better: 'more',
    paced: true,
    meaning: 'connections opened per second, by the clock',
    read: ({ opened, seconds }) => opened / seconds,
  },
  memoryPerConnection: {
    unit: 'KB',
    better: 'less',
    meaning:
      'growth of the resident memory of the client process per connection, 1 KB = 1024 bytes',
    read: grownKilobytes('rssBytes'),
  },
  anonymousPerConnection: {
    unit: 'KB',
    better: 'less',
    meaning:
      "growth of the process's memory that is not of files, malloc's and the JavaScript engine's, per connection, 1 KB = 1024 bytes",
    read: grownKilobytes('nativeBytes'),
  },
  failures: {
    unit: '',
    better: 'less',
    meaning: 'connections that did not open, get their echo and close as they should',
    read: (result) => result.failed,
  },
  latencyP50: latency('p50', 'half took no longer'),
  latencyP99: latency('p99', '99 % took no longer'),
  latencyP999: latency('p999', '99.9 % took no longer'),
  takeP50: taking('p50', 'half took no longer'),
  takeP99: taking('p99', '99 % took no longer'),
  takeMax: taking('max', 'the longest'),
  releaseP50: figure('releaseP50', 'us', 'giving it back, by the clock: half took no longer'),
  wakeUps: figure('wakeUps', '', 'how often the worker thread woke up meanwhile'),
  perSecond: figure('perSecond', '/s', 'taken and given back per second, by the clock', {
    better: 'more',
  }),
  ratio: figure('ratio', '', 'answers per second with leases, divided by those without', {
    better: 'more',
  }),
  cpuRatio: figure(
    'cpuRatio',
    '',
    "CPU time of the worker's thread per message on connections with the BIO, divided by that on connections without, in the same process",
  ),
  millis: figure('millis', 'ms', 'by the clock, the median of the passes after the first'),
  firstMillis: figure('firstMillis', 'ms', 'by the clock, the first pass'),
};

const workersOf = (threads = []) => threads.filter(({ name }) => name.startsWith('worker'));
