import { Duplex } from 'node:stream';
import { createError } from '../errors/errors.js';
import { parseStreamOptions, type StreamOptions } from '../options/stream.js';
import type { EventedConnection } from './evented.js';
import { CORE } from './internal.js';

export type { StreamOptions };

/**
 * A connection as a Duplex. Its end closes the connection (a raw one half, with FIN), destroying it
 * terminates the connection; a slow reader stops the reading of the socket.
 */
export function createStream(connection: EventedConnection, given?: StreamOptions): Duplex {
  const options = parseStreamOptions(given);
  const raw = connection.kind === 'raw';
  /** Of the write that waits for "drain". */
  let blocked: ((error?: Error) => void) | undefined;
  const unblock = (error?: Error) => {
    const callback = blocked;
    blocked = undefined;
    callback?.(error);
  };
  const stream = new Duplex({
    ...options,
    autoDestroy: true,
    emitClose: true,
    // When all that the peer sent has been read, this side ends too.
    allowHalfOpen: !raw,
    read() {
      connection.resume();
    },
    write(chunk: Buffer | string, _encoding, callback) {
      try {
        if (connection.send(chunk)) callback();
        else blocked = callback;
      } catch (error) {
        callback(error as Error);
      }
    },
    final(callback) {
      if (raw && connection.readyState < 2) {
        // The stream is destroyed as soon as both sides are done: not before all is sent.
        connection.end();
        connection.flushed().then(() => callback(), callback);
      } else {
        void connection.close(1000).then(() => callback());
      }
    },
    destroy(error, callback) {
      if (connection.readyState === 3) {
        callback(error);
        return;
      }
      connection.once('close', () => callback(error));
      // A raw connection whose sides have both ended closes by itself.
      if (!raw || !stream.writableFinished || !stream.readableEnded) connection.terminate();
    },
  });
  const onData = (data: Buffer, isBinary = true) => {
    const chunk = stream.readableObjectMode && !isBinary ? data.toString() : data;
    if (!stream.push(chunk)) connection.pause();
  };
  connection[CORE].endLater();
  connection.on('drain', () => unblock());
  connection.on('end', () => stream.push(null));
  connection.on('error', (error) => stream.destroy(error));
  connection.on('close', () => {
    unblock(createError('ERR_CONNECTION_CLOSED', { connection: connection.id }));
    stream.push(null);
    if (!stream.writableEnded) stream.end();
  });
  connection.on(raw ? 'data' : 'message', onData);
  if (connection.readyState === 3) {
    // After what has waited for a listener: that comes in the next tick as well, before this.
    process.nextTick(() => {
      stream.push(null);
      stream.end();
    });
  }
  return stream;
}
