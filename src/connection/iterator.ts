import { Fifo } from '../base/fifo.js';
import type { Message } from '../channel/holding.js';
import type { EventedConnection } from './evented.js';
import { CORE } from './internal.js';

type Result = IteratorResult<Message, undefined>;

/** A call of next() that waits. */
interface Taker {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

const DONE: Result = { done: true, value: undefined };

/**
 * Messages of a connection one after the other; what nobody has asked for yet is held.
 *
 * @param keepOpen whether the connection goes on when the loop is left
 */
export function iterate(
  connection: EventedConnection,
  keepOpen: boolean,
): AsyncIterableIterator<Message> {
  const core = connection[CORE];
  const waiting = core.beginIterating();
  const takers = new Fifo<Taker>();
  let ended = false;
  let over = connection.readyState === 3;
  let failure = over ? connection.error : undefined;

  const onMessage = (data: Buffer, isBinary = true) => {
    const taker = takers.shift();
    if (taker !== undefined) {
      taker.resolve({ done: false, value: { data, isBinary } });
      return;
    }
    waiting.push({ data, isBinary });
  };
  const onEnd = () => {
    ended = true;
    if (takers.length > 0) connection.end();
  };
  const onClose = () => {
    over = true;
    failure = connection.error;
    settleAll();
  };
  const settleAll = () => {
    for (let taker = takers.shift(); taker; taker = takers.shift()) settle(taker);
  };
  /** Nothing more will come: an error is told once. */
  const settle = ({ resolve, reject }: Taker) => {
    const error = failure;
    failure = undefined;
    if (error === undefined) resolve(DONE);
    else reject(error);
  };
  const stop = () => {
    connection.off(event, onMessage);
    connection.off('end', onEnd);
    connection.off('close', onClose);
    failure = undefined;
    if (keepOpen) {
      core.endIterating(ended);
    } else {
      waiting.clear();
      if (!over) connection.terminate();
    }
    over = true;
    settleAll();
  };

  // The loop may still have something to say to what it has not come to yet.
  core.endLater();
  const event = connection.kind === 'ws' ? 'message' : 'data';
  connection.on('close', onClose);
  connection.on('end', onEnd);
  connection.on(event, onMessage);

  return {
    next: () =>
      new Promise<Result>((resolve, reject) => {
        const message = waiting.shift();
        if (message === undefined) {
          if (over) {
            settle({ resolve, reject });
            return;
          }
          takers.push({ resolve, reject });
          if (ended) connection.end();
          return;
        }
        resolve({ done: false, value: message });
      }),
    return: () => {
      stop();
      return Promise.resolve(DONE);
    },
    throw: (error?: unknown) => {
      stop();
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
