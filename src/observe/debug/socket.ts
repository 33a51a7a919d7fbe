import { createServer, type Socket } from 'node:net';
import { VERSION } from '../../base/version.js';
import type { DebugSource } from './answers.js';
import { toLine } from './answers.js';
import { Observer } from './observer.js';
import { Pace } from './pace.js';
import { checkedPath, listenPrivately } from './path.js';

/** At a time; each of them has two snapshots of the figures. */
export const MOST_OBSERVERS = 16;
/** Of what is asked and answered; it changes when an observer has to know. */
export const PROTOCOL = 1;

/** A Unix socket for observers of a pool, from `pool.listenDebug()`. */
export class DebugSocket {
  /** Absolute path of the socket. */
  readonly path: string;
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => {
    this.#onSocket(socket);
  });
  readonly #pace = new Pace();
  readonly #observers = new Map<Socket, Observer>();
  readonly #source: DebugSource;
  readonly #onClose: (socket: DebugSocket) => void;
  readonly #greeting = { 'lws-pool': VERSION, protocol: PROTOCOL, pid: process.pid };
  #release: (() => void) | undefined;
  /** A process that ends without closing its pool leaves no file behind. */
  readonly #onExit = () => this.#release?.();

  private constructor(path: string, source: DebugSource, onClose: (socket: DebugSocket) => void) {
    this.path = path;
    this.#source = source;
    this.#onClose = onClose;
  }

  /** @internal */
  static async listen(
    path: unknown,
    source: DebugSource,
    onClose: (socket: DebugSocket) => void,
  ): Promise<DebugSocket> {
    const socket = new DebugSocket(checkedPath(path), source, onClose);
    socket.#server.unref();
    socket.#release = await listenPrivately(socket.#server, socket.path);
    // Out of descriptors: the observer is not let in, and the next one may be.
    socket.#server.on('error', () => undefined);
    process.on('exit', socket.#onExit);
    return socket;
  }

  /** Number of observers that are connected. */
  get observers(): number {
    return this.#observers.size;
  }

  /** Disconnects all observers and removes the file. You may call it again. */
  close(): void {
    const release = this.#release;
    if (release === undefined) return;
    this.#release = undefined;
    process.off('exit', this.#onExit);
    this.#server.close();
    release();
    this.#pace.end();
    for (const observer of this.#observers.values()) observer.end();
    this.#onClose(this);
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #onSocket(socket: Socket): void {
    if (this.#observers.size >= MOST_OBSERVERS) {
      socket.on('error', () => undefined);
      socket.unref();
      socket.end(toLine({ error: `there are ${MOST_OBSERVERS} observers, and no more can be` }));
      socket.destroySoon();
      return;
    }
    this.#observers.set(socket, new Observer(socket, this.#source, this.#pace, this.#greeting));
    socket.once('close', () => this.#observers.delete(socket));
  }
}
