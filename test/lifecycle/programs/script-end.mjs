// A script that ends while messages go to and fro: it stays until the server closes.
import { createPool } from 'lws-pool';
import { handler, print, trusting, urls } from '../support/child.mjs';

const pool = await createPool({ threads: 2, ...trusting });
for (const url of [urls.plain, urls.tls]) {
  const connection = await pool.connect(`${url}/echo`);
  let count = 0;
  connection.on('message', () => {
    if (connection.readyState === 1) connection.send(++count < 500 ? 'x' : 'close');
  });
  connection.on('close', (code) => print(code));
  connection.send('x');
  const options = { count: 2, handler: handler('echo') };
  const group = await pool.connectMany(`${url}/echo`, options);
  await group.ready;
  group.once('post', () => group.post('close'));
  void group.closed.then(() => print('closed'));
}
