/** Looks now and then how many messages were counted: see lws-pool-native.mjs. */
import { nameThisThread } from './contract/threads.mjs';
import { readUsage } from './contract/usage.mjs';
import { defineHandler } from './lws-pool-library.mjs';

/** Milliseconds. Some ten thousand messages: what it costs to look does not show. */
const every = 1;

export default defineHandler(({ data, received, post, worker }) => {
  nameThisThread(`worker-${worker}`);
  const { size, warmup, messages, serverPid } = data.run;
  const look = () => ({ usage: readUsage(serverPid), at: received() });

  function begin() {
    const { messages: before } = received();
    let start;
    const timer = setInterval(() => {
      const count = Number(received().messages - before);
      if (start === undefined && count >= warmup) start = look();
      if (start === undefined || count < warmup + messages) return;
      clearInterval(timer);
      const end = look();
      const measured = Number(end.at.messages - start.at.messages);
      const bytes = Number(end.at.bytes - start.at.bytes);
      const wrong = bytes === measured * size ? 0 : 1;
      const result = { start: start.usage, end: end.usage, messages: measured, wrong };
      post({ kind: 'finished', result });
    }, every);
  }

  const lost = (reason) => post({ kind: 'lost', reason });
  return {
    receive: begin,
    error: (_connection, error) => lost(error.message),
    close: (_connection, code) => lost(`closed with ${code}`),
  };
});
