import type { Connection } from 'lws-pool';
import { rounded } from './phases.js';
import type { PingsReport } from './report.js';

/**
 * Sends pings one after the other and takes the time of each answer, as the main thread sees it.
 * Ends with the first that is not answered.
 *
 * @param timeout for each, milliseconds
 */
export async function measurePings(
  connection: Connection,
  count: number,
  timeout: number,
): Promise<PingsReport> {
  const times: number[] = [];
  let sent = 0;
  while (sent < count && connection.readyState === 1) {
    sent++;
    const time = await roundTrip(connection, Buffer.from(`lws-pool inspect ${sent}`), timeout);
    if (time === undefined) break;
    times.push(time);
  }
  const sum = times.reduce((total, time) => total + time, 0);
  const none = times.length === 0;
  return {
    sent,
    answered: times.length,
    min: none ? null : rounded(Math.min(...times)),
    mean: none ? null : rounded(sum / times.length),
    max: none ? null : rounded(Math.max(...times)),
  };
}

function roundTrip(
  connection: Connection,
  payload: Buffer,
  timeout: number,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const began = performance.now();
    const settle = (time?: number) => {
      clearTimeout(timer);
      connection.off('pong', onPong);
      connection.off('close', onClose);
      resolve(time);
    };
    const onPong = (data: Buffer) => {
      if (data.equals(payload)) settle(performance.now() - began);
    };
    const onClose = () => settle();
    const timer = setTimeout(settle, timeout);
    connection.on('pong', onPong);
    connection.on('close', onClose);
    connection.ping(payload);
  });
}
