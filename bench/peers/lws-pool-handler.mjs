/** What lws-pool.mjs runs in each worker. */

import { Exchange } from './contract/exchange.mjs';
import { Visits } from './contract/visits.mjs';
import { defineHandler } from './lws-pool-library.mjs';

export default defineHandler((context) => {
  const { exchange, burst } = context.data;
  if (exchange) return echoHandler(context, exchange);
  if (burst) return burstHandler(context, burst);
  return idleHandler(context);
});

function echoHandler(context, work) {
  const exchange = new Exchange(work);
  exchange.finished.then((result) => context.post({ kind: 'finished', result }));
  return {
    message: (connection, data) => exchange.answered(connection, data),
    receive: () => exchange.begin(context.connections),
    error: (_connection, error) => context.post({ kind: 'lost', reason: error.message }),
    close: (_connection, code) => context.post({ kind: 'lost', reason: `closed with ${code}` }),
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
