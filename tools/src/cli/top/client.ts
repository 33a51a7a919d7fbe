import { connect, type Socket } from 'node:net';
import { systemReason } from '../../phrases.js';
import { readable } from './text.js';

/** How long the process that is watched may take to answer. Milliseconds. */
const ANSWERING = 10_000;
/** Bytes of an answer: a thousand rows have a tenth of it. */
const LONGEST_ANSWER = 8 * 1024 * 1024;
const PROTOCOL = 1;
const GONE = 'the process has ended, or closed the socket';
const FOREIGN = 'it is no debug socket of lws-pool';
/** Where the system's words say too little. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: GONE,
  EPIPE: GONE,
  ENOENT: 'nothing is there: the process has not opened it, or has closed it',
  ECONNREFUSED: 'nobody listens there: its process has ended, or it is no socket',
};

/** There is nothing to watch at the path, or no more. */
export class WatchError extends Error {
  constructor(path: string, reason: string) {
    super(`cannot watch ${readable(path)}: ${reason}`);
    this.name = 'WatchError';
  }
}

/** What stands in an answer; nothing of it is trusted to be what it should. */
export type Answer = Readonly<Record<string, unknown>>;

/** The other end of a debug socket. Requests are answered in their order, one at a time. */
export class WatchClient {
  /** Of the process that is watched, as it says. */
  version = '';
  pid = 0;
  readonly #path: string;
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #size = 0;
  #settle: { resolve(line: string): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  private constructor(path: string) {
    this.#path = path;
    this.#socket = connect({ path });
    this.#socket.on('data', (data: Buffer) => this.#take(data));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#end(REASONS[error.code ?? ''] ?? systemReason(error) ?? error.message);
    });
    this.#socket.on('close', () => this.#end(GONE));
  }

  /** @throws WatchError */
  static async connect(path: string): Promise<WatchClient> {
    const client = new WatchClient(path);
    const greeting = await client.#next();
    const { pid, protocol, 'lws-pool': version } = greeting;
    if (greeting.error !== undefined) throw client.#refusal(greeting.error);
    if (typeof version !== 'string' || typeof pid !== 'number') throw client.#failure(FOREIGN);
    if (protocol !== PROTOCOL) {
      throw client.#failure(`it speaks as lws-pool ${version}: use the command of that version`);
    }
    client.version = readable(version);
    client.pid = pid;
    return client;
  }

  /** @throws WatchError also where the request is refused */
  async ask(request: object): Promise<Answer> {
    const answer = await this.tryAsk(request);
    if (answer.error !== undefined) throw this.#refusal(answer.error);
    return answer;
  }

  /** The same, and a refusal is an answer. */
  async tryAsk(request: object): Promise<Answer> {
    if (this.#ended === undefined) this.#socket.write(`${JSON.stringify(request)}\n`);
    return await this.#next();
  }

  /** Resolves with the reason when there is no more to be seen. */
  ended(): Promise<Error> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined) resolve(this.#ended);
      else this.#socket.once('close', () => resolve(this.#ended as Error));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #next(): Promise<Answer> {
    const timer = setTimeout(() => this.#end(`no answer within ${ANSWERING / 1e3} s`), ANSWERING);
    try {
      const line = await new Promise<string>((resolve, reject) => {
        if (this.#ended === undefined) this.#settle = { resolve, reject };
        else reject(this.#ended);
      });
      const answer: unknown = JSON.parse(line);
      if (typeof answer === 'object' && answer !== null) return answer as Answer;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    } finally {
      clearTimeout(timer);
    }
    throw this.#failure(FOREIGN);
  }

  #take(data: Buffer): void {
    this.#received.push(data);
    this.#size += data.length;
    if (this.#size > LONGEST_ANSWER) this.#end('the answer is too long');
    if (!data.includes(10)) return;
    const all = Buffer.concat(this.#received);
    const end = all.indexOf(10);
    this.#received = [all.subarray(end + 1)];
    this.#size = all.length - end - 1;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve(all.toString('utf8', 0, end));
  }

  #refusal(error: unknown): WatchError {
    return this.#failure(typeof error === 'string' ? error : FOREIGN);
  }

  #failure(reason: string): WatchError {
    this.#socket.destroy();
    return new WatchError(this.#path, readable(reason));
  }

  #end(reason: string): void {
    if (this.#ended === undefined) this.#ended = this.#failure(reason);
    this.#settle?.reject(this.#ended);
    this.#settle = undefined;
  }
}
