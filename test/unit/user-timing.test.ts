import { PerformanceObserver, performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { measure } from '../../src/base/user-timing.js';

it('measures reach every observer, and few of them stay in the timeline', async () => {
  performance.measure('somebody else');
  const count = 5000;
  let seen = 0;
  const all = new Promise<void>((resolve) => {
    const observer = new PerformanceObserver((list) => {
      seen += list.getEntriesByName('lws-pool:test').length;
      if (seen < count) return;
      observer.disconnect();
      resolve();
    });
    observer.observe({ entryTypes: ['measure'] });
  });
  const start = performance.now();
  for (let index = 0; index < count; index++) measure('lws-pool:test', start, { index });
  await all;
  const kept = performance.getEntriesByName('lws-pool:test');
  expect(kept.length).toBeLessThanOrEqual(1024);
  expect(kept.at(-1)).toMatchObject({ startTime: start, detail: { index: count - 1 } });
  expect(performance.getEntriesByName('somebody else')).toHaveLength(1);
});
