/** How rows are made whose workloads differ in a few numbers only. */

/**
 * Messages there and back. Quick: a tenth of them. The warm-up is a quarter of the work: compilers
 * and allocators have settled by then.
 */
export function echo({ workload, ...row }) {
  return messages({ ...row, workload: { mode: 'echo', ...workload } });
}

/** Any work that is counted in messages. */
export function messages({ workload, ...row }) {
  const { connections, messages: count } = workload;
  const of = (total, open) => ({
    ...{ ...workload, connections: open, messages: total },
    warmup: Math.ceil(total / 4),
  });
  return {
    metric: 'cpuPerUnit',
    driver: 'worker',
    ...row,
    workload: of(count, connections),
    quick: of(Math.ceil(count / 10), Math.min(connections, 1000)),
  };
}

/** Connections that are opened on top of those of the warm-up, which stay open. Quick: a tenth. */
export function opening({ mode = 'connect', connections, warmup = 2500, sessions, ...row }) {
  const of = (share) => ({
    ...{ mode, connections: connections * share, warmup: Math.max(50, warmup * share) },
    ...(sessions !== undefined && { sessions }),
  });
  return { metric: 'cpuPerUnit', driver: 'worker', ...row, workload: of(1), quick: of(0.1) };
}

/** A second figure of the same measurements. */
export function also(row, { suffix, targets, ...changes }) {
  const { targets: _ofTheFirst, isBaseline: _first, ...same } = row;
  return { ...same, ...changes, id: `${row.id}-${suffix}`, ...(targets && { targets }) };
}
