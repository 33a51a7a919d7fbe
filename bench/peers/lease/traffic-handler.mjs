/** Messages back and forth in the worker, counted where the main thread sees it. */

import { makePayload } from '../contract/payload.mjs';
import { defineHandler } from '../lws-pool-library.mjs';

export default defineHandler(({ data: { answers, index, size, inflight } }) => {
  const payload = makePayload(size);
  return {
    open(connection) {
      for (let count = 0; count < inflight; count++) connection.send(payload);
    },
    message(connection) {
      Atomics.add(answers, index, 1);
      connection.send(payload);
    },
  };
});
