import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { poolUnderTest } from '../fixtures/pool.js';
import { answering, switching, tcpServer } from '../fixtures/servers.js';

/** How many whole TLS records there are (RFC 8446, 5.1). */
function recordsIn(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at + 5 <= bytes.length; count++) {
    at += 5 + bytes.readUInt16BE(at + 3);
    if (at > bytes.length) break;
  }
  return count;
}

it('opens a connection whose answer comes in many TLS records at once', async () => {
  const made = await createAuthority();
  let answers = false;
  let passed: (() => void) | undefined;
  let records = 0;
  const answer = async (socket: net.Socket, request: string) => {
    const bytes = Buffer.from(switching(request));
    // Each is written by itself: Node.js makes one record of what it writes together.
    const write = (at: number) =>
      new Promise((resolve) => socket.write(bytes.subarray(at, at + 1), resolve));
    records = bytes.length - 1;
    answers = true;
    const first = new Promise<void>((resolve) => {
      passed = resolve;
    });
    await Promise.all([write(0), first]);
    for (let at = 1; at < bytes.length; at++) await write(at);
  };
  const port = await answering((socket, request) => void answer(socket, request), made.valid);
  // The first record goes on at once, all others together.
  const proxy = await tcpServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    onTestFinished(() => void server.destroy());
    client.pipe(server);
    let held: Buffer | undefined;
    server.on('data', (bytes) => {
      if (held === undefined) {
        client.write(bytes);
        if (answers) held = Buffer.alloc(0);
        passed?.();
        return;
      }
      held = Buffer.concat([held, bytes]);
      if (recordsIn(held) < records) return;
      client.write(held);
      held = undefined;
      answers = false;
    });
  });
  const pool = await poolUnderTest({ tls: { ca: made.ca } });
  onTestFinished(() => pool.destroy());
  const connection = await pool.connect(`wss://127.0.0.1:${proxy}/`);
  expect(connection.readyState).toBe(1);
});
