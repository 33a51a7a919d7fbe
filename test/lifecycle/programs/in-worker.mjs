// A pool that lives in a worker thread of the user's; ends as the argument says.
import process from 'node:process';
import { parentPort } from 'node:worker_threads';
import { createPool } from 'lws-pool';
import { handler, urls } from '../support/child.mjs';

const pool = await createPool({ threads: 2 });
const connection = await pool.connect(`${urls.plain}/echo`);
const group = await pool.connectMany(`${urls.plain}/echo`, { count: 4, handler: handler('echo') });
await new Promise((resolve) => group.once('post', resolve));
connection.on('message', () => {
  if (connection.readyState === 1) connection.send('x');
});
connection.send('x');
parentPort?.postMessage('ready');
switch (process.argv[2]) {
  case 'close':
    await pool.close();
    break;
  case 'exit':
    connection.once('message', () => process.exit());
    break;
}
