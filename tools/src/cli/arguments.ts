import { InvalidArgumentError } from 'commander';

/** Readers of what stands behind options. */

export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${grouped(max)}.`);
  };
}

export function decimal(min: number, max: number, unit: string): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^(\d+\.?\d*|\.\d+)$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      `It takes a number of ${unit} from ${min} to ${grouped(max)}, like 0.5 or 30.`,
    );
  };
}

/** What is given again and again; the last does not replace the others. */
export function several<T>(read: (text: string) => T): (text: string, before?: T[]) => T[] {
  return (text, before = []) => [...before, read(text)];
}

/** A number above zero. */
export function rate(text: string): number {
  const most = 10_000_000;
  const number = Number(text);
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && number > 0 && number <= most) return number;
  throw new InvalidArgumentError(
    `It takes a number of messages per second above 0, up to ${grouped(most)}.`,
  );
}

function grouped(number: number): string {
  return number.toLocaleString('en-US');
}
