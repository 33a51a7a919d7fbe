// Keeps messages going to and fro; tells the main thread of the first, and of every 100th.
import { defineHandler } from 'lws-pool';

export default defineHandler((context) => {
  let count = 0;
  return {
    open(connection) {
      connection.send('x');
    },
    message(connection) {
      if (count++ % 100 === 0) context.post({ messages: count });
      if (connection.readyState === 1) connection.send('x');
    },
    receive(value) {
      for (const connection of context.connections) connection.send(String(value));
    },
  };
});
