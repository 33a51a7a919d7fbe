import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { systemReason } from '../phrases.js';

/** A file that was named on the command line cannot be used. */
export class FileError extends Error {
  constructor(option: string, path: string, reason: string) {
    super(`${option} cannot use ${path}: ${reason}`);
    this.name = 'FileError';
  }
}

/** @throws FileError */
export function readPem(option: string, path: string): string {
  const text = used(option, path, () => readFileSync(path, 'utf8'));
  if (text.includes('-----BEGIN ')) return text;
  throw new FileError(option, path, 'there is no PEM in it');
}

/** @throws FileError */
export function writeText(option: string, path: string, text: string): void {
  used(option, path, () => writeFileSync(path, text));
}

export interface Output {
  /** All of it, once. */
  write(text: string): void;
}

/**
 * Opens a file to write to, or standard output for "-".
 *
 * @throws FileError
 */
export function openOutput(option: string, path: string): Output {
  if (path === '-') return process.stdout;
  const file = used(option, path, () => openSync(path, 'w'));
  return {
    write(text) {
      used(option, path, () => writeSync(file, text));
      closeSync(file);
    },
  };
}

function used<Result>(option: string, path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    throw new FileError(option, path, systemReason(failure) ?? failure.message);
  }
}
