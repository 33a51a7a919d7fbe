import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exchange } from '../peers/contract/exchange.mjs';

/** Connections whose messages wait until they are answered, oldest first. */
function makeConnections(count) {
  const waiting = [];
  const connections = Array.from({ length: count }, () => ({
    send(data) {
      waiting.push({ connection: this, data });
    },
  }));
  return { connections, waiting };
}

test('keeps the number in flight and counts every answer', async () => {
  const { connections, waiting } = makeConnections(3);
  const exchange = new Exchange({ size: 8, inflight: 2, warmup: 5, messages: 20 });
  exchange.begin(connections);
  let answers = 0;
  while (waiting.length > 0) {
    assert.ok(waiting.length <= 6);
    const { connection, data } = waiting.shift();
    answers++;
    exchange.received(connection, data);
  }
  const { messages, wrong, start, end } = await exchange.finished;
  assert.deepEqual({ messages, wrong }, { messages: 20, wrong: 0 });
  assert.equal(answers, 5 + 20 + 5, 'full load to the last measured answer, then the rest');
  assert.ok(end.seconds >= start.seconds);
});

test('notices a wrong answer', async () => {
  const { connections, waiting } = makeConnections(1);
  const exchange = new Exchange({ size: 8, inflight: 1, warmup: 2, messages: 2 });
  exchange.begin(connections);
  const forged = [Buffer.alloc(8, 1), Buffer.alloc(8, 1), Buffer.alloc(9), Buffer.alloc(8)];
  for (const data of forged) exchange.received(waiting.shift().connection, data);
  assert.equal((await exchange.finished).wrong, 3);
});
