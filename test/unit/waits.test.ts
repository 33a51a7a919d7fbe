import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseConnectionUrl } from '../../src/connection/url.js';
import { createError } from '../../src/errors/errors.js';
import { Waits } from '../../src/pool/waits.js';
import { rejectionOf } from './support/thrown.js';

const url = parseConnectionUrl('ws://name.example/');
const never = new Promise<never>(() => undefined);
const phase = 'worker';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a wait ends with what it waits for, and leaves nothing behind', async () => {
  const waits = new Waits();
  const { signal } = new AbortController();
  const terms = { url, timeout: 1_000, signal, phase };
  expect(await waits.until(Promise.resolve(7), terms)).toBe(7);
  const failure = createError('ERR_HANDLER_LOAD');
  expect(await rejectionOf(waits.until(Promise.reject(failure), terms))).toBe(failure);
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('a wait ends by its deadline, its signal, or with the pool', async () => {
  const waits = new Waits();
  const controller = new AbortController();
  const terms = { url, timeout: 1_000, signal: controller.signal, phase };
  const late = rejectionOf(waits.until(never, terms));
  vi.advanceTimersByTime(1_000);
  expect(await late).toMatchObject({
    code: 'ERR_HANDSHAKE_TIMEOUT',
    details: { host: 'name.example', timeout: 1_000, phase },
  });
  let worker = 0;
  const facts = () => ({ worker, handler: 'file:///h.js' });
  const loading = rejectionOf(waits.until(never, { ...terms, phase: 'handler', late: facts }));
  worker = 1;
  vi.advanceTimersByTime(1_000);
  expect((await loading).details).toMatchObject({ worker: 1, handler: 'file:///h.js' });
  const aborted = rejectionOf(waits.until(never, terms));
  controller.abort('enough');
  expect(await aborted).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' });
  expect(await rejectionOf(waits.until(never, terms))).toMatchObject({ code: 'ERR_ABORTED' });
  const ended = rejectionOf(waits.until(never, { ...terms, signal: undefined }));
  const error = createError('ERR_POOL_CLOSED');
  waits.end(error);
  expect(await ended).toBe(error);
  expect(vi.getTimerCount()).toBe(0);
});
