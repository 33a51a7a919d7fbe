// A process that goes on after its last pool is closed, and uses Node's thread pool.

import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createPool } from 'lws-pool';
import { print, urls } from '../support/child.mjs';

for (let round = 0; round < 3; round++) {
  const pool = await createPool({ threads: 1 });
  const connection = await pool.connect(`${urls.plain}/echo`);
  await connection.close();
  await pool.close();
  const text = await readFile(fileURLToPath(import.meta.url), 'utf8');
  const { address } = await lookup('127.0.0.1');
  print([text.length > 0, address]);
}
