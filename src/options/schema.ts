import * as v from 'valibot';
import { hintFor } from '../base/suggest.js';
import { Rejection, unreadable } from './rejection.js';

/** What an option takes, and what becomes of it. */
export type Schema<Output> = v.GenericSchema<unknown, Output>;

/** What a test lets pass; `takes` says what that is. */
export function fitting<Value>(takes: string, test: (value: never) => boolean): Schema<Value> {
  return v.custom<Value>((value) => test(value as never), takes);
}

const isWithin = (min: number, max: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** An integer within limits, both included. */
export const integer = (min: number, max: number, unit = '') =>
  fitting<number>(`an integer from ${min} to ${max}${unit}`, isWithin(min, max));

/** The same, or false for none. */
export const integerOrFalse = (min: number, max: number, unit: string) => {
  const fits = isWithin(min, max);
  const takes = `an integer from ${min} to ${max}${unit}, or false`;
  return fitting<number | false>(takes, (value) => value === false || fits(value));
};

export const flag: Schema<boolean> = v.boolean('true or false');

export const signal: Schema<AbortSignal> = v.instance(AbortSignal, 'an AbortSignal');

export const probability = fitting<number>(
  'a probability, from 0 to 1',
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
);

export const text = (longest: number) =>
  fitting<string>(
    `a string of at most ${longest} characters`,
    (value: unknown) => typeof value === 'string' && value.length <= longest,
  );

/** A list in OpenSSL's notation: printable, no spaces, and short enough to be shown in an error. */
export const namesWithColons = (takes: string) =>
  fitting<string>(
    takes,
    (value: unknown) => typeof value === 'string' && /^[\x21-\x7e]{1,1024}$/.test(value),
  );

export const word = <const Words extends readonly string[]>(...words: Words) =>
  v.picklist(words, words.map((known) => `"${known}"`).join(' or '));

export const powerOfTwo = (max: number) =>
  fitting<number>(
    `a power of two from 1 to ${max}`,
    (value) => Number.isInteger(value) && value >= 1 && value <= max && (value & (value - 1)) === 0,
  );

/** What the latest reader has said no with: an issue of valibot's has no room for all of it. */
let rejected: Rejection | undefined;

/**
 * For what needs more than a type check: `read` returns the option as it is kept (a copy, never the
 * caller's own object) or throws a {@link Rejection}.
 */
export function reader<Output>(read: (value: unknown) => Output): Schema<Output> {
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return read(dataset.value);
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        rejected = error;
        addIssue({ message: error.takes });
        return NEVER;
      }
    }),
  );
}

/** An option that has to be given. */
export type Needed<Output> = Schema<Output> & { readonly needed: true };

export function needed<Output>(schema: Schema<Output>): Needed<Output> {
  // What is missing is null to the schema, which says what it takes.
  const given = v.pipe(v.optional(v.unknown(), null), schema);
  return Object.assign(given, { needed: true as const });
}

/** A schema for each option of an object. */
type Shape = Readonly<Record<string, Schema<unknown>>>;

type NamesNeeded<Of extends Shape> = {
  [Name in keyof Of]: Of[Name] extends Needed<unknown> ? Name : never;
}[keyof Of];

/** The object that a shape describes. */
export type Given<Of extends Shape> = {
  readonly [Name in Exclude<keyof Of, NamesNeeded<Of>>]?: v.InferOutput<Of[Name]> | undefined;
} & { readonly [Name in NamesNeeded<Of>]: v.InferOutput<Of[Name]> };

/**
 * An object that takes these options and no others. What is undefined is not given.
 *
 * @param elsewhere where options are found that people look for here
 */
export function group<Of extends Shape>(
  shape: Of,
  elsewhere: Readonly<Record<string, string>> = {},
): Schema<Given<Of>> & { readonly shape: Of } {
  // Without a prototype: valibot asks whether a name is `in` it.
  const entries: v.ObjectEntries = Object.assign(
    Object.create(null),
    Object.fromEntries(
      Object.entries(shape).map(([name, schema]) => [
        name,
        'needed' in schema ? schema : v.optional(schema),
      ]),
    ),
  );
  const known = Object.keys(shape);
  const object = v.strictObject(entries, (issue) =>
    isUnknown(issue) ? hintFor(String(keys(issue).at(-1)), known, elsewhere) : OBJECT,
  );
  const schema = v.pipe(fitting<object>(OBJECT, isOptions), object);
  return Object.assign(schema as unknown as Schema<Given<Of>>, { shape });
}

const OBJECT = 'an object of options';
const isOptions = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads a value as its schema keeps it.
 *
 * @throws Rejection of the first thing that is wrong
 */
export function read<Output>(schema: Schema<Output>, input: unknown): Output {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = keys(issue);
  if (isUnknown(issue)) {
    throw new Rejection('no such option', path, { hint: issue.message, unknown: true });
  }
  const inner = issue.type === 'raw_transform' ? rejected : undefined;
  rejected = undefined;
  throw new Rejection(issue.message, [...path, ...(inner?.path ?? [])], inner?.extra);
}

/**
 * Validates options and returns them as the schema keeps them.
 *
 * @param prefix where these options stand in what the user wrote: `tls.`
 * @throws LwsPoolError ERR_INVALID_OPTION or, for characters that would forge a request,
 *     ERR_INVALID_HEADER; about the first thing that is wrong
 */
export function parseWith<Output>(schema: Schema<Output>, input: unknown, prefix = ''): Output {
  try {
    return read(schema, input);
  } catch (thrown) {
    throw thrown instanceof Rejection ? thrown.error(input, prefix) : unreadable(thrown);
  }
}

function isUnknown({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === 'strict_object' && expected === 'never';
}

function keys({ path }: v.BaseIssue<unknown>): PropertyKey[] {
  return path?.map(({ key }) => key as PropertyKey) ?? [];
}

/** Options complete: each that is not given comes from the defaults. */
export function complete<Options extends object>(
  given: { readonly [Name in keyof Options]?: Options[Name] | undefined },
  defaults: Options,
): Options {
  const options = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Options)[]) {
    const value = given[name];
    if (value !== undefined) options[name] = value as Options[typeof name];
  }
  return options;
}
