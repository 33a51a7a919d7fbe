import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOf } from '../peers/contract/run-outcome.mjs';
import { makeRun, shareOf } from '../peers/contract/runs.mjs';

const work = { size: 8, inflight: 1, warmup: 3, messages: 10, rate: 100_000, threads: 1 };

test('receiving counts from when all are open, and checks lengths', async () => {
  const run = makeRun({ ...work, mode: 'receive' });
  run.received({}, Buffer.alloc(8));
  run.begin([]);
  for (let count = 0; count < 3 + 10; count++) run.received({}, Buffer.alloc(count === 5 ? 9 : 8));
  const { messages, wrong } = await run.finished;
  assert.deepEqual({ messages, wrong }, { messages: 10, wrong: 1 });
});

test('sending leaves out connections with too much unsent, and waits for the rest', async () => {
  const connections = [0, 64 * 1024].map((bufferedAmount) => ({
    bufferedAmount,
    sent: 0,
    send() {
      this.sent++;
    },
  }));
  const [free, full] = connections;
  const run = makeRun({ ...work, mode: 'send' });
  run.begin(connections);
  let isOver = false;
  run.finished.then(() => {
    isOver = true;
  });
  while (free.sent < 3) await new Promise(setImmediate);
  assert.equal(full.sent, 0);
  assert.equal(isOver, false);
  full.bufferedAmount = 0;
  const { messages } = await run.finished;
  assert.equal(messages, 10);
  assert.deepEqual([free.sent, full.sent], [3 + 5, 5]);
});

test('latency: in turn over all connections, answers known by their order', async () => {
  const connections = Array.from({ length: 3 }, () => ({
    sent: 0,
    send(data) {
      this.sent++;
      setImmediate(() => run.received(this, data));
    },
  }));
  const run = makeRun({ ...work, mode: 'latency' });
  run.begin(connections);
  const outcome = outcomeOf([await run.finished]);
  assert.deepEqual(
    connections.map(({ sent }) => sent),
    [5, 4, 4],
  );
  assert.equal(outcome.messages, 10);
  assert.ok(outcome.figures.p50 > 0 && outcome.figures.p50 <= outcome.figures.max);
  assert.ok(outcome.figures.achieved > 0);
});

test('threads share the work; what they did is from the first start to the last end', () => {
  const share = shareOf({ ...work, mode: 'echo', threads: 4 });
  assert.equal(share.messages, 3);
  assert.equal(share.warmup, 1);
  const result = (start, end) => ({
    start: { seconds: start },
    end: { seconds: end },
    messages: 3,
    wrong: 0,
  });
  const { start, end, messages } = outcomeOf([result(2, 5), result(1, 4)]);
  assert.deepEqual([start.seconds, end.seconds, messages], [1, 5, 6]);
  assert.throws(() => outcomeOf([{ ...result(1, 2), wrong: 1 }]), /not what was sent/);
});
