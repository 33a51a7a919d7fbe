import type { Connection } from './connection.js';
import type { LwsPoolError } from './errors.js';

/** A message, or bytes of a raw connection. */
export interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/**
 * Messages of a connection one after the other. What has come and was not asked for yet waits
 * here; above the high-water mark the socket is not read any more, below half of it, it is again.
 */
export function iterate(connection: Connection): AsyncIterableIterator<Message> {
  const waiting = connection.takeHeld();
  let bytes = waiting.reduce((sum, { data }) => sum + data.length, 0);
  let paused = bytes > connection.highWaterMark;
  if (paused) connection.pause();
  let ended = false;
  let over = connection.readyState === 3;
  let failure: LwsPoolError | undefined = over ? connection.error : undefined;
  let wake: (() => void) | undefined;

  const onMessage = (data: Buffer, isBinary = true) => {
    waiting.push({ data, isBinary });
    bytes += data.length;
    if (!paused && bytes > connection.highWaterMark) {
      paused = true;
      connection.pause();
    }
    wake?.();
  };
  const onClose = () => {
    over = true;
    failure = connection.error;
    wake?.();
  };
  const onEnd = () => {
    ended = true;
    wake?.();
  };
  // The loop may still have something to say to what it has not come to yet.
  connection.endLater();
  const event = connection.kind === 'ws' ? 'message' : 'data';
  connection.on('close', onClose);
  connection.on('end', onEnd);
  connection.on(event, onMessage);

  async function* messages(): AsyncGenerator<Message, void, void> {
    try {
      for (;;) {
        const message = waiting.shift();
        if (message !== undefined) {
          bytes -= message.data.length;
          if (paused && bytes <= connection.highWaterMark / 2) {
            paused = false;
            connection.resume();
          }
          yield message;
        } else if (over) {
          if (failure !== undefined) throw failure;
          return;
        } else {
          if (ended) connection.end();
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      }
    } finally {
      connection.off(event, onMessage);
      connection.off('end', onEnd);
      connection.off('close', onClose);
      if (!over) connection.terminate();
    }
  }
  return messages();
}
