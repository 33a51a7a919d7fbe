/** Messages back and forth on the connections of a set, in phases: one whenever it is told to. */
import { makeRun } from '../contract/runs.mjs';
import { nameThisThread } from '../contract/threads.mjs';
import { usageBetween } from '../contract/usage.mjs';
import { defineHandler, releaseMessage } from '../lws-pool-library.mjs';

export default defineHandler((context) => {
  const thread = `worker-${context.worker}`;
  nameThisThread(thread);
  let run;
  const lost = (reason) => context.post({ kind: 'lost', reason });

  async function phase(work) {
    run = makeRun(work);
    run.begin(context.connections);
    const { start, end, messages, wrong } = await run.finished;
    if (wrong > 0) return lost(`${wrong} messages were not what was sent`);
    const { threads } = usageBetween(start, end);
    const { cpuMicros } = threads.find(({ name }) => name === thread);
    context.post({ kind: 'phase', micros: cpuMicros / messages });
  }

  return {
    receive(what) {
      if (what !== 'types') return phase(what);
      context.post({ kind: 'types', types: typesOf(context.connections) });
    },
    message(connection, data) {
      run.received(connection, data);
      releaseMessage(data);
    },
    error: (_connection, error) => lost(error.message),
    close: (_connection, code) => lost(`closed with ${code}`),
  };
});

/** Of the BIOs on all of them, each once; `none` for a connection without. */
function typesOf(connections) {
  const types = [...connections].flatMap((connection) => {
    const lease = connection.tryLease('shared');
    const list = lease.tls.bios.map(({ type }) => type);
    lease.release();
    return list.length > 0 ? list : ['none'];
  });
  return [...new Set(types)];
}
