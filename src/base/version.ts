import { readFileSync } from 'node:fs';

/** Version of this package; read with the module, since later there may be no file descriptor left. */
export const VERSION: string = read();

function read(): string {
  try {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  } catch {
    return ''; // The files are not where they belong: the addon cannot be found then, and says why.
  }
}
