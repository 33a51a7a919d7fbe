/**
 * Requests and answers of one size, one after the other, on many raw sockets: what a connection
 * costs whose bytes somebody moves. They are the WebSocket frames that the target echoes, after a
 * handshake that nobody looks at closely.
 *
 * @typedef {object} Asker  one socket
 * @property {(count: number) => Promise<void>} ask  so often, each after the answer to the last
 */
import { Buffer } from 'node:buffer';
import { readUsage } from './usage.mjs';

/** Bytes of a payload; the length of both frames follows in one byte. */
const payload = 64;

/** Masked with zeros. */
export const request = Buffer.concat([
  Buffer.from([0x82, 0x80 | payload, 0, 0, 0, 0]),
  Buffer.alloc(payload, 'x'),
]);
export const answerSize = 2 + payload;

/** @param {string} url */
export function upgrade(url) {
  const { host, pathname } = new URL(url);
  return (
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  );
}

/**
 * @param {Asker[]} askers
 * @param {import('./workload.mjs').Workload} workload
 * @returns {Promise<import('./result.mjs').Outcome>}
 */
export async function runRequests(askers, { messages, warmup, serverPid }) {
  const each = (count) =>
    Promise.all(askers.map((asker) => asker.ask(Math.ceil(count / askers.length))));
  await each(warmup);
  const start = readUsage(serverPid);
  await each(messages);
  const end = readUsage(serverPid);
  const done = Math.ceil(messages / askers.length) * askers.length;
  return {
    ...{ opened: askers.length, failed: 0, failures: [], messages: done, units: done },
    ...{ start, end },
  };
}

/**
 * An asker whose answers come by an event.
 *
 * @param {{ send: (bytes: Buffer) => unknown, onData: (take: (data: Buffer) => void) => void }} socket
 * @returns {Asker}
 */
export function byEvents({ send, onData }) {
  let left = 0;
  let size = 0;
  let finished = () => undefined;
  onData((data) => {
    size += data.length;
    if (size < answerSize) return;
    size -= answerSize;
    if (--left > 0) send(request);
    else finished();
  });
  return {
    ask: (count) =>
      new Promise((resolve) => {
        finished = resolve;
        left = count;
        send(request);
      }),
  };
}
