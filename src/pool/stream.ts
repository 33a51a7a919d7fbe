import { Duplex, type DuplexOptions } from 'node:stream';
import type { Connection } from './connection.js';

export type StreamOptions = Pick<
  DuplexOptions,
  'objectMode' | 'readableObjectMode' | 'writableObjectMode' | 'encoding' | 'decodeStrings'
>;

/**
 * A connection as a Duplex. Its end closes the connection (a raw one half, with FIN), destroying it
 * terminates the connection; a slow reader stops the reading of the socket.
 */
export function createStream(connection: Connection, options: StreamOptions = {}): Duplex {
  const stream = new Duplex({
    ...options,
    autoDestroy: true,
    emitClose: true,
    read() {
      connection.resume();
    },
    write(chunk: Buffer | string, _encoding, callback) {
      try {
        if (connection.send(chunk)) callback();
        else connection.once('drain', () => callback());
      } catch (error) {
        callback(error as Error);
      }
    },
    final(callback) {
      if (connection.kind === 'raw') {
        connection.end();
        callback();
        return;
      }
      void connection.close(1000).then(() => callback());
    },
    destroy(error, callback) {
      if (connection.readyState === 3) {
        callback(error);
        return;
      }
      connection.once('close', () => callback(error));
      connection.terminate();
    },
  });
  const onData = (data: Buffer, isBinary = true) => {
    const chunk = stream.readableObjectMode && !isBinary ? data.toString() : data;
    if (!stream.push(chunk)) connection.pause();
  };
  connection.on('end', () => stream.push(null));
  connection.on('error', (error) => stream.destroy(error));
  connection.on('close', () => {
    stream.push(null);
    if (!stream.writableEnded) stream.end();
  });
  connection.on(connection.kind === 'ws' ? 'message' : 'data', onData);
  return stream;
}
