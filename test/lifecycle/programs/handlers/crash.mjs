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
      // Where the runtime and not compiled code allocates (`new Array(100)`), the whole process dies in
      // Node 24, also without this package.
      let kept;
      for (;;)
        kept = { kept, more: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
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
