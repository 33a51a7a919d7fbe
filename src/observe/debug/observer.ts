import type { Socket } from 'node:net';
import { answer, type DebugSource, toLine } from './answers.js';
import type { Pace } from './pace.js';
import { LONGEST_REQUEST, parseRequest, RequestError } from './requests.js';
import { Snapshots } from './snapshots.js';

/**
 * Somebody who has connected to the debug socket. One request is answered at a time, and nothing
 * more is read before the answer has left: one who does not read costs one answer of memory.
 */
export class Observer {
  readonly #socket: Socket;
  readonly #source: DebugSource;
  readonly #pace: Pace;
  readonly #snapshots = new Snapshots();
  #unread: Buffer = Buffer.alloc(0);
  #withdraw: (() => void) | undefined;
  /** No more is to be answered. */
  #ended = false;
  /** He will ask no more, and may still want the answers. */
  #peerEnded = false;

  constructor(socket: Socket, source: DebugSource, pace: Pace, greeting: object) {
    this.#socket = socket;
    this.#source = source;
    this.#pace = pace;
    socket.unref();
    // He may go at any time, in the middle of an answer too.
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('end', () => {
      this.#peerEnded = true;
      this.#next();
    });
    socket.on('close', () => this.#withdraw?.());
    socket.on('drain', () => this.#next());
    socket.write(toLine(greeting));
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    if (this.#ended) return;
    this.#unread = this.#unread.length === 0 ? data : Buffer.concat([this.#unread, data]);
    this.#next();
  }

  /** Begins with the next request, if it is there and the last one is done with. */
  #next(): void {
    if (this.#ended || this.#withdraw !== undefined || this.#socket.writableNeedDrain) return;
    const end = this.#unread.indexOf(10);
    if (end > LONGEST_REQUEST || (end < 0 && this.#unread.length > LONGEST_REQUEST)) {
      this.#refuse(`a request has at most ${LONGEST_REQUEST} bytes`);
    } else if (end < 0) {
      if (this.#peerEnded) this.#socket.end();
      else this.#socket.resume();
    } else {
      const line = this.#unread.toString('utf8', 0, end);
      this.#unread = this.#unread.subarray(end + 1);
      this.#socket.pause();
      this.#withdraw = this.#pace.add(() => {
        this.#withdraw = undefined;
        this.#answer(line);
      });
    }
  }

  #answer(line: string): void {
    try {
      this.#socket.write(toLine(answer(parseRequest(line), this.#source, this.#snapshots)));
    } catch (error) {
      // The others have codes of ours: the pool counts nothing any more, or is closed.
      if (!(error instanceof RequestError) && !(error instanceof Error && 'code' in error)) {
        throw error;
      }
      this.#socket.write(toLine({ error: error.message }));
    }
    this.#next();
  }

  /** What comes now cannot be told apart any more. */
  #refuse(error: string): void {
    this.#ended = true;
    this.#unread = Buffer.alloc(0);
    this.#socket.resume();
    this.#socket.end(toLine({ error }));
    this.#socket.once('finish', () => this.#socket.destroy());
  }
}
