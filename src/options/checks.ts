import { hintFor } from '../base/suggest.js';
import { Rejection, unreadable } from './rejection.js';

/**
 * For options that are given again and again, and in handlers: by hand, since zod is neither fast
 * enough for the ones nor wanted in the workers of the others.
 *
 * Answers the option as it is kept, or throws a {@link Rejection}.
 */
export type Check<Value> = (value: unknown) => Value;

function fits<Value>(takes: string, test: (value: never) => boolean): Check<Value> {
  return (value) => {
    if (!test(value as never)) throw new Rejection(takes);
    return value as Value;
  };
}

/** An integer within limits, both included. */
export const integerCheck = (min: number, max: number, unit = '') =>
  fits<number>(
    `an integer from ${min} to ${max}${unit}`,
    (value) => Number.isInteger(value) && value >= min && value <= max,
  );

export const flagCheck = fits<boolean>('true or false', (value) => typeof value === 'boolean');

export const signalCheck = fits<AbortSignal>(
  'an AbortSignal',
  (value: unknown) => value instanceof AbortSignal,
);

export const probabilityCheck = fits<number>(
  'a probability, from 0 to 1',
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
);

export const textCheck = (longest: number) =>
  fits<string>(
    `a string of at most ${longest} characters`,
    (value: unknown) => typeof value === 'string' && value.length <= longest,
  );

export const wordCheck = <Word extends string>(...words: readonly Word[]) =>
  fits<Word>(words.map((word) => `"${word}"`).join(' or '), (value: Word) => words.includes(value));

export const powerOfTwoCheck = (max: number) =>
  fits<number>(
    `a power of two from 1 to ${max}`,
    (value) => Number.isInteger(value) && value >= 1 && value <= max && (value & (value - 1)) === 0,
  );

/** An object that takes these options and no others; those that are undefined are left out. */
export function optionsCheck<Options extends object>(
  checks: {
    readonly [Name in keyof Options]-?: Check<NonNullable<Options[Name]>>;
  },
): Check<Partial<Options>> {
  const known = checks as Readonly<Record<string, Check<unknown>>>;
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Rejection('an object of options');
    }
    const options: Record<string, unknown> = {};
    // Not entries(), which costs as much as all the rest.
    for (const name of Object.keys(value)) {
      const given = (value as Record<string, unknown>)[name];
      const check = Object.hasOwn(known, name) ? known[name] : undefined;
      if (check === undefined) {
        const hint = hintFor(name, Object.keys(known));
        throw new Rejection('no such option', [name], { hint, unknown: true });
      }
      if (given !== undefined) options[name] = within(name, () => check(given));
    }
    return options as Partial<Options>;
  };
}

/** What is at fault there is at fault in this part of what is given. */
export function within<Value>(part: PropertyKey, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    throw new Rejection(error.takes, [part, ...error.path], error.extra);
  }
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function checked<Value>(check: Check<Value>, input: unknown): Value {
  try {
    return check(input);
  } catch (error) {
    throw error instanceof Rejection ? error.error(input) : unreadable(error);
  }
}
