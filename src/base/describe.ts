/** Options whose values never appear in a message: credentials are passed in all of them. */
const SECRET = new Set<PropertyKey>(['key', 'passphrase', 'headers', 'data']);

const LONGEST_STRING = 60;

/**
 * What was given, for a message: short, on one line, and without looking into objects.
 *
 * @param path where it was given; on the way to a secret only type and length are told
 */
export function describe(value: unknown, path: readonly PropertyKey[] = []): string {
  const secret = path.some((part) => SECRET.has(part));
  switch (typeof value) {
    case 'string':
      return secret ? counted(value.length, 'a string', 'character') : quoted(value);
    case 'number':
    case 'boolean':
      return secret ? `a ${typeof value}` : String(value);
    case 'bigint':
      return secret ? 'a bigint' : `${value}n`;
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    default:
      return value === null || value === undefined ? String(value) : describeObject(value);
  }
}

function describeObject(value: object): string {
  try {
    return kindOf(value);
  } catch {
    // A proxy that throws, or is revoked.
    return 'an object';
  }
}

function kindOf(value: object): string {
  if (Array.isArray(value)) return counted(value.length, 'an array', 'element');
  if (ArrayBuffer.isView(value)) return counted(value.byteLength, 'a buffer', 'byte');
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name !== 'string' || name === 'Object' ? 'an object' : `an instance of ${name}`;
}

function counted(count: number, what: string, unit: string): string {
  return `${what} of ${count} ${unit}${count === 1 ? '' : 's'}`;
}

function quoted(text: string): string {
  return text.length > LONGEST_STRING
    ? `${JSON.stringify(text.slice(0, LONGEST_STRING))}... (${text.length} characters)`
    : JSON.stringify(text);
}
