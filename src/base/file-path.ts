import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What {@link filePath} takes, in words. */
export const FILE_PATH = 'a path, or a file: URL';

/** The absolute path of a file; undefined where the value is none. */
export function filePath(value: unknown): string | undefined {
  const path = value instanceof URL ? pathOf(value) : value;
  return typeof path === 'string' && path !== '' && !path.includes('\0')
    ? resolve(path)
    : undefined;
}

function pathOf(url: URL): string | undefined {
  // A host would be another machine's.
  if (url.protocol !== 'file:' || url.host !== '') return undefined;
  try {
    return fileURLToPath(url);
  } catch {
    // An encoded slash.
    return undefined;
  }
}
