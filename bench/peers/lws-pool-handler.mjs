/** What lws-pool.mjs runs in each worker. */
import { makeRun } from './contract/runs.mjs';
import { nameThisThread } from './contract/threads.mjs';
import { Visits } from './contract/visits.mjs';
import { defineHandler, releaseMessage } from './lws-pool-library.mjs';

export default defineHandler((context) => {
  nameThisThread(`worker-${context.worker}`);
  const { run, burst, release } = context.data;
  if (run) return runHandler(context, run, release);
  if (burst) return burstHandler(context, burst);
  return idleHandler(context);
});

function runHandler(context, work, release) {
  const run = makeRun(work);
  const lost = (reason) => context.post({ kind: 'lost', reason });
  run.finished.then(
    (result) => context.post({ kind: 'finished', result }),
    (error) => lost(error.message),
  );
  const received = (connection, data) => run.received(connection, data);
  const receivedAndReleased = (connection, data) => {
    run.received(connection, data);
    releaseMessage(data);
  };
  return {
    message: release ? receivedAndReleased : received,
    receive: () => run.begin(context.connections),
    error: (_connection, error) => lost(error.message),
    close: (_connection, code) => lost(`closed with ${code}`),
  };
}

function idleHandler(context) {
  return {
    receive() {
      globalThis.gc();
      context.post({ kind: 'collected' });
    },
  };
}

/** Posts how far its connections have come, once per turn of the loop in which one ended. */
function burstHandler(context, { size }) {
  const visits = new Visits(size, (connection) => connection.close(1000));
  let isPosting = false;
  const post = () => {
    isPosting = false;
    context.post(visits.tally());
  };
  return {
    open: (connection) => visits.opened(connection),
    message: (connection, data) => visits.message(connection, data),
    error: (_connection, error) => visits.failed(`${error.code}: ${error.message}`),
    close(connection, code) {
      visits.closed(connection, code);
      if (isPosting) return;
      isPosting = true;
      setImmediate(post);
    },
  };
}
