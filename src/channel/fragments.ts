import { onAbort } from '../base/abort.js';
import { describe } from '../base/describe.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { SendStreamOptions } from '../options/send-stream.js';
import type { Data, DataSource } from './data.js';
import { FLAG_BINARY, FLAG_FIRST, FLAG_LAST, FLAG_PLAIN } from './record.js';

/** The way that fragments go: a Link. */
export interface FragmentLink {
  readonly id: string;
  readonly open: boolean;
  /** More than `highWaterMark` waits. */
  readonly full: boolean;
  sendFragment(data: Data, flags: number): void;
  /** Resolves once the kernel has taken the fragments sent so far; rejects as flushed(). */
  fragmentsFlushed(): Promise<void>;
  /** Calls back when the connection has closed; returns what takes that back. */
  onceClosed(callback: (error: LwsPoolError) => void): () => void;
  close(code: number, reason: string): void;
}

/** RFC 6455 section 7.4.1: something unexpected prevents the message from being completed. */
const UNFINISHED = 1011;

/** Pieces of text whose surrogate pairs are whole. */
class WholeCharacters {
  #half = '';

  next(text: string): string {
    const whole = this.#half + text;
    const last = whole.charCodeAt(whole.length - 1);
    const cut = last >= 0xd800 && last < 0xdc00 ? whole.length - 1 : whole.length;
    this.#half = whole.slice(cut);
    return whole.slice(0, cut);
  }

  get rest(): string {
    return this.#half;
  }
}

/**
 * Sends one message in fragments, each as it comes (RFC 6455 section 5.4).
 *
 * @throws LwsPoolError see Connection.sendStream()
 */
export async function sendFragments(
  link: FragmentLink,
  source: DataSource,
  { binary, compress = true, signal }: SendStreamOptions,
): Promise<void> {
  const iterator = iteratorOf(source);
  const text = new WholeCharacters();
  let flags = FLAG_FIRST | (compress ? 0 : FLAG_PLAIN);
  let typed = false;
  const send = (data: Data, more = 0) => {
    link.sendFragment(data, flags | more);
    flags &= ~FLAG_FIRST;
  };
  const setType = (isBinary: boolean) => {
    if (!typed && isBinary) flags |= FLAG_BINARY;
    typed = true;
  };
  if (binary !== undefined) setType(binary);
  const gone = whenGone(link, signal);
  try {
    for (;;) {
      const piece = await gone.or(iterator.next());
      if (piece.done === true) break;
      setType(typeof piece.value !== 'string');
      const data = typeof piece.value === 'string' ? text.next(piece.value) : piece.value;
      if (!link.open) throw createError('ERR_CONNECTION_CLOSED', { connection: link.id });
      send(data);
      if (link.full) await gone.or(link.fragmentsFlushed());
    }
    if (!link.open) throw createError('ERR_CONNECTION_CLOSED', { connection: link.id });
    send(text.rest, FLAG_LAST);
  } catch (error) {
    // A message that has begun has to end: whole, or with its connection.
    if ((flags & FLAG_FIRST) === 0 && link.open) link.close(UNFINISHED, 'a message was given up');
    // Nobody waits for a source that may never answer.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
    throw error;
  } finally {
    gone.stop();
  }
}

function iteratorOf(source: DataSource): AsyncIterator<Data> | Iterator<Data> {
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source && !ArrayBuffer.isView(source)) return source[Symbol.iterator]();
  }
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'source',
    got: describe(source),
    takes: 'a stream, an async iterable, or an iterable of strings and bytes',
  });
}

/**
 * What ends the waiting: the connection closes, or the signal aborts. Not by Promise.race(), which
 * would leave a reaction for each piece at a promise that lives as long as the message.
 */
function whenGone(link: FragmentLink, signal: AbortSignal | undefined) {
  let reason: LwsPoolError | undefined;
  let reject: ((error: LwsPoolError) => void) | undefined;
  const end = (error: LwsPoolError) => {
    reason ??= error;
    reject?.(reason);
  };
  const aborted = () =>
    end(createError('ERR_ABORTED', { connection: link.id }, { cause: signal?.reason }));
  const stops = [link.onceClosed(end)];
  if (signal?.aborted) aborted();
  else if (signal !== undefined) stops.push(onAbort(signal, aborted));
  return {
    /** Settles as the promise does, or rejects with what came before. */
    or<Value>(value: Value | PromiseLike<Value>): Promise<Value> {
      return new Promise((resolve, no) => {
        reject = no;
        Promise.resolve(value).then(resolve, no);
        if (reason !== undefined) no(reason);
      });
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
