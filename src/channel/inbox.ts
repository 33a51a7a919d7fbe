import { keepHere } from '../base/keep-here.js';
import { throwLater } from '../base/uncaught.js';
import type { NativeEnd, OnEvents } from '../native.js';
import {
  AUX,
  FLAG_BINARY,
  FLAG_EXTERNAL,
  FLAG_SHOWN,
  GENERATION,
  HEADER,
  LENGTH,
  SIZE,
  SLOT,
  TYPE_AND_FLAGS,
} from './record.js';

/** Buffer's own class: `new` skips the checks of `Buffer.from`. */
const BufferView = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  buffer: ArrayBuffer,
  offset: number,
  length: number,
) => Buffer;

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * What a record tells. The payload is a view of memory that nobody of us writes again. Users get that
 * of messages, bytes, pings and pongs, and no other: theirs is the rest of that memory as well.
 */
export type OnRecord = (
  type: number,
  slot: number,
  generation: number,
  payload: Buffer,
  binary: boolean,
  aux: number,
) => void;

/**
 * Reads batches of records. What a listener throws is thrown again outside of the batch, as an
 * uncaught exception like that of any other listener, so that the records after it are not lost.
 */
export function createInbox(end: () => NativeEnd, onRecord: OnRecord): OnEvents {
  let current: ArrayBuffer | undefined;
  let currentShown: ArrayBuffer | undefined;
  let words = new Int32Array(0);
  const payloadAt = (offset: number, length: number): Buffer => {
    try {
      return new BufferView(currentShown as ArrayBuffer, offset, length);
    } catch {
      // Somebody has transferred it all the same. The bytes are still there.
      return end().copyShown(offset, length);
    }
  };
  return (buffer, begin, until, shown) => {
    if (buffer !== current) {
      current = buffer;
      words = new Int32Array(buffer);
    }
    if (shown !== currentShown && shown !== undefined) {
      currentShown = shown;
      keepHere(shown);
    }
    const own = words;
    for (let at = begin; at < until; ) {
      const word = at >> 2;
      const typeAndFlags = own[word + TYPE_AND_FLAGS] as number;
      const flags = typeAndFlags >> 16;
      const length = own[word + LENGTH] as number;
      let payload: Buffer = EMPTY;
      if ((flags & FLAG_SHOWN) !== 0) payload = payloadAt(own[word + AUX] as number, length);
      else if (length > 0) payload = new BufferView(buffer, at + HEADER, length);
      else if ((flags & FLAG_EXTERNAL) !== 0) payload = end().takeExternal();
      at += own[word + SIZE] as number;
      try {
        onRecord(
          typeAndFlags & 0xffff,
          own[word + SLOT] as number,
          own[word + GENERATION] as number,
          payload,
          (flags & FLAG_BINARY) !== 0,
          own[word + AUX] as number,
        );
      } catch (error) {
        throwLater(error);
      }
    }
  };
}
