import { closeSync, openSync } from 'node:fs';
import { createError, type ErrorDetails, type LwsPoolError } from './errors.js';

/** No descriptor is left: to the process, to the system (open(2)). */
const DESCRIPTORS = ['EMFILE', 'ENFILE'];
/** Memory or threads ran short as well (mmap(2), pthread_create(3)). */
const RESOURCES = [...DESCRIPTORS, 'ENOMEM', 'EAGAIN'];

/** As strerror(3) puts them, where an error has no number: that of dlopen(3), or of libwebsockets. */
const IN_WORDS: readonly [RegExp, string][] = [
  [/too many open files in system/i, 'ENFILE'],
  [/too many open files/i, 'EMFILE'],
  [/cannot allocate memory|out of memory|bad_alloc/i, 'ENOMEM'],
  [/resource temporarily unavailable/i, 'EAGAIN'],
];

/** Causes that are looked at; an error may be its own. */
const DEEPEST = 8;

/** The error number by its name, where that is what an error or one beneath it says. */
function numberIn(error: unknown, names: readonly string[]): string | undefined {
  let at = error;
  for (let depth = 0; at instanceof Error && depth < DEEPEST; depth++) {
    const { code, errno, message, details } = at as Error & {
      code?: unknown;
      errno?: unknown;
      details?: { errno?: unknown };
    };
    // What the system says has a number, and the path in its text may hold any name.
    const text = typeof errno === 'number' ? '' : message;
    const named = names.find((name) => {
      return code === name || details?.errno === name || new RegExp(`\\b${name}\\b`).test(text);
    });
    if (named !== undefined) return named;
    const worded = IN_WORDS.find(([words]) => words.test(text))?.[1];
    if (worded !== undefined && names.includes(worded)) return worded;
    at = at.cause;
  }
  return undefined;
}

/** EMFILE or ENFILE, where a lack of descriptors is what an error says. */
export function descriptorShortage(error: unknown): string | undefined {
  return numberIn(error, DESCRIPTORS);
}

/** ERR_TOO_MANY_FILES, where a lack of descriptors is what an error says; else undefined. */
export function tooManyFiles(cause: unknown, details: ErrorDetails): LwsPoolError | undefined {
  const errno = descriptorShortage(cause);
  return errno === undefined
    ? undefined
    : createError('ERR_TOO_MANY_FILES', { ...details, errno }, { cause });
}

/**
 * What a thread that could not start ran short of: descriptors, threads, memory. None of these is a
 * fault of the program, and all of them pass.
 */
export function resourceShortage(error: unknown): string | undefined {
  const found = numberIn(error, RESOURCES);
  if (found !== undefined) return found;
  // Node names no cause where a thread cannot be made, or its loop cannot.
  const { code } = error instanceof Error ? (error as Error & { code?: unknown }) : {};
  return code === 'ERR_WORKER_INIT_FAILED' ? code : undefined;
}

/** Whether so many descriptors can be opened now. Only for where something has gone wrong, or may. */
export function hasDescriptors(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync('/dev/null', 'r'));
    return true;
  } catch (error) {
    return descriptorShortage(error) === undefined;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/**
 * Imports modules that are not there yet. Where descriptors are short it is not even tried: Node.js
 * before 24 remembers the failure of an import, and answers every later one with it.
 *
 * @param files that are open at a time meanwhile
 * @throws LwsPoolError ERR_TOO_MANY_FILES
 */
export async function importWith<Module>(
  files: number,
  load: () => Promise<Module>,
): Promise<Module> {
  const operation = 'load a module';
  if (!hasDescriptors(files)) {
    throw createError('ERR_TOO_MANY_FILES', { operation, errno: 'EMFILE' });
  }
  try {
    return await load();
  } catch (cause) {
    throw tooManyFiles(cause, { operation }) ?? cause;
  }
}
