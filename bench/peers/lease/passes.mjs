import { readUsage } from '../contract/usage.mjs';

/**
 * The same once, and then `count` times: each answers how long it took, in ms.
 *
 * @returns what a result says of them: the first, the median of the others, and the usage of those
 */
export async function passes({ serverPid }, count, pass) {
  const firstMillis = await pass();
  const start = readUsage(serverPid);
  const times = [];
  for (let index = 0; index < count; index++) times.push(await pass());
  const end = readUsage(serverPid);
  times.sort((a, b) => a - b);
  return { start, end, figures: { millis: times[times.length >> 1], firstMillis } };
}
