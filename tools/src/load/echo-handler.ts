import { defineHandler, type HandlerConnection, releaseMessage } from 'lws-pool';
import type { Conversation } from './conversation.js';
import { Exchange } from './exchange.js';
import { inspect } from './inspection.js';
import { LatencyRecorder } from './latency-recorder.js';
import type { ExchangeOrder, ExchangePlan } from './messages.js';

/** The load scenario, as it runs in each worker. */
export default defineHandler<ExchangePlan>(({ data, post, connections }) => {
  const exchange = new Exchange(data, new LatencyRecorder(), post);
  const failed = new WeakSet<object>();
  const received = (connection: HandlerConnection, bytes: Buffer) => {
    exchange.message(connection.state as Conversation, bytes);
    releaseMessage(bytes);
  };
  return {
    open(connection) {
      connection.state = exchange.open(connection);
    },
    message: received,
    data: received,
    drain(connection) {
      exchange.drain(connection.state as Conversation);
    },
    error(connection) {
      failed.add(connection);
    },
    close(connection, code, reason) {
      exchange.close(connection.state as Conversation, code, reason, failed.has(connection));
    },
    async receive(value) {
      const order = value as ExchangeOrder;
      if (order.type !== 'inspect') {
        exchange.receive(order);
        return;
      }
      const [connection] = connections;
      const inspection = connection && (await inspect(connection));
      if (inspection !== undefined) post({ inspection });
    },
  };
});
