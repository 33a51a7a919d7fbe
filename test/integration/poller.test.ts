import { createPool } from 'lws-pool';
import { expect, it } from 'vitest';
import { rejection } from '../fixtures/pool.js';

it('starts with io_uring, or says why it cannot', async () => {
  const made = createPool({ threads: 1, poller: 'io_uring' });
  const refused = await made.then(
    async (pool) => {
      expect(pool.poller).toBe('io_uring');
      await pool.close();
    },
    () => rejection(made),
  );
  if (refused === undefined) return;
  expect(refused.code).toBe('ERR_URING_UNAVAILABLE');
  expect(refused.details.reason).toMatch(/E[A-Z]+/);
});

it('has epoll where nobody asks', async () => {
  const pool = await createPool({ threads: 1 });
  expect(pool.poller).toBe('epoll');
  await pool.close();
});
