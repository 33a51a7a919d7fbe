import { importWith } from '../errors/shortage.js';

/** Files that are open at a time while a module of the user's is loaded, and what it imports. */
const FILES = 8;

/** Those of this thread that are there: to import them again opens nothing. */
const imported = new Set<string>();

/**
 * What a module of the user's exports. It is not imported where it would fail for lack of
 * descriptors, since it could never be again: see importWith().
 *
 * @throws whatever the import throws; LwsPoolError ERR_TOO_MANY_FILES
 */
export async function importUserModule(url: string): Promise<{ default?: unknown }> {
  const files = imported.has(url) ? 0 : FILES;
  const module = await importWith(files, () => import(url) as Promise<{ default?: unknown }>);
  imported.add(url);
  return module;
}
