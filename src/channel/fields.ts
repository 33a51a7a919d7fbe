/**
 * Named values of any content that accompany rare events; native/core/base/fields.h writes and reads
 * the same: names and values in turn, each led by its length as a 32-bit number.
 */
export type Fields = ReadonlyMap<string, Buffer>;

const NONE: Fields = new Map();

export function decodeFields(payload: Buffer): Fields {
  if (payload.length === 0) return NONE;
  const fields = new Map<string, Buffer>();
  let at = 0;
  const next = () => {
    const end = at + 4 + payload.readUInt32LE(at);
    const value = payload.subarray(at + 4, end);
    at = end;
    return value;
  };
  while (at < payload.length) {
    const name = next().toString('latin1');
    fields.set(name, next());
  }
  return fields;
}

export function encodeFields(fields: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  for (const text of Object.entries(fields).flat()) {
    const value = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    parts.push(length, value);
  }
  return Buffer.concat(parts);
}

/** A field as text, '' where it is missing. */
export function textOf(fields: Fields, name: string): string {
  return fields.get(name)?.toString() ?? '';
}
