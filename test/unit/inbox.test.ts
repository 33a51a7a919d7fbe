import { describe, expect, it } from 'vitest';
import { createInbox } from '../../src/channel/inbox.js';
import { Event, FLAG_BINARY, FLAG_SHOWN, HEADER } from '../../src/channel/record.js';
import type { NativeEnd } from '../../src/native.js';

const bytes = Buffer.from('....hello...world');

/** Two records whose payloads lie in `shown`, and one whose payload lies behind it. */
function records(): ArrayBuffer {
  const inside = 'inside';
  const words = new Int32Array((3 * HEADER + 8) / 4);
  const flags = (FLAG_SHOWN | FLAG_BINARY) << 16;
  words.set([HEADER, Event.message | flags, 1, 10, 5, 4], 0);
  words.set([HEADER, Event.ping | flags, 2, 20, 5, 12], HEADER / 4);
  words.set([HEADER + 8, Event.closed, 3, 30, inside.length, 1000], (2 * HEADER) / 4);
  Buffer.from(words.buffer).write(inside, 3 * HEADER);
  return words.buffer;
}

function read(shown: ArrayBuffer, end: Partial<NativeEnd> = {}): unknown[] {
  const told: unknown[] = [];
  const inbox = createInbox(
    () => end as NativeEnd,
    (type, slot, generation, payload, binary) => {
      told.push([type, slot, generation, payload.toString(), binary]);
    },
  );
  const all = records();
  inbox(all, 0, all.byteLength, shown);
  return told;
}

const EXPECTED = [
  [Event.message, 1, 10, 'hello', true],
  [Event.ping, 2, 20, 'world', true],
  [Event.closed, 3, 30, 'inside', false],
];

describe('createInbox()', () => {
  it('reads payloads from the memory that users see, and others from where the record lies', () => {
    expect(read(Uint8Array.from(bytes).buffer)).toEqual(EXPECTED);
  });

  it('has payloads copied whose memory was transferred', () => {
    const shown = Uint8Array.from(bytes).buffer;
    structuredClone(shown, { transfer: [shown] });
    const copyShown = (offset: number, length: number) => bytes.subarray(offset, offset + length);
    expect(read(shown, { copyShown })).toEqual(EXPECTED);
  });
});
