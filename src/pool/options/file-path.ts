import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What {@link filePath} takes, in words. */
export const FILE_PATH = 'a path, or a file: URL';

/** The absolute path of a file to write; undefined where the value is none. */
export function filePath(value: unknown): string | undefined {
  if (value instanceof URL) {
    // A host would be another machine's.
    return value.protocol === 'file:' && value.host === '' ? fileURLToPath(value) : undefined;
  }
  return typeof value === 'string' && value !== '' && !value.includes('\0')
    ? resolve(value)
    : undefined;
}
