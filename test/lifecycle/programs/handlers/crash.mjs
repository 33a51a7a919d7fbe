// Brings its worker down, in the way that the option `data` says: when told to, or with the first
// connection that opens in that worker.
import process from 'node:process';
import { defineHandler } from 'lws-pool';

const ways = {
  exit: () => process.exit(3),
  throw: () =>
    setTimeout(() => {
      throw new Error('thrown in a handler');
    }),
  stack: () =>
    setTimeout(function recurse() {
      return recurse() + 1;
    }),
  memory: () =>
    setTimeout(() => {
      // Little by little. In one loop without end, or with large objects, a worker of Node 24 outruns
      // the limit before it is stopped, and the whole process dies of it, also without this package.
      let kept;
      const more = () => {
        for (let i = 0; i < 1000; i++) kept = { kept, more: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
        setImmediate(more);
      };
      more();
    }),
  loop: (context) => {
    context.post('looping');
    for (;;);
  },
};

export default defineHandler((context) => {
  const {
    way,
    at = 'receive',
    worker,
  } = typeof context.data === 'string' ? { way: context.data } : context.data;
  const crash = () => {
    if (worker === undefined || worker === context.worker) ways[way](context);
  };
  return {
    open(connection) {
      if (at === 'open') crash();
      connection.send('x');
    },
    message(connection) {
      if (connection.readyState === 1) connection.send('x');
    },
    receive() {
      crash();
    },
  };
});
