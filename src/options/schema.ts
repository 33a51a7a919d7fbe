import { z } from 'zod';
import { hintFor } from '../base/suggest.js';
import { createError } from '../errors/errors.js';
import { Rejection, unreadable } from './rejection.js';

/** An integer within limits, both included. */
export function integer(min: number, max: number, unit = '') {
  const takes = `an integer from ${min} to ${max}${unit}`;
  return z.number(takes).int(takes).min(min, takes).max(max, takes);
}

/** An object that takes these options and no others. */
export function group<Shape extends z.ZodRawShape>(
  shape: Shape,
  elsewhere: Readonly<Record<string, string>> = {},
) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? hintFor(String(issue.keys?.[0]), known, elsewhere)
        : 'an object of options',
  });
}

/**
 * A schema for what needs more than a type check: `read` returns the option as the pool keeps it
 * (a copy, never the caller's own object) or throws a {@link Rejection}.
 */
export function reader<Output, Input>(read: (value: unknown) => Output): z.ZodType<Output, Input> {
  const schema = z.unknown().transform((value, context) => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const { takes, path, extra } = error;
      context.addIssue({ code: 'custom', message: takes, path: [...path], params: extra });
      return z.NEVER;
    }
  });
  return schema as unknown as z.ZodType<Output, Input>;
}

/**
 * Validates options and returns them as the schema keeps them.
 *
 * @param prefix where these options stand in what the user wrote: `tls.`
 * @throws LwsPoolError ERR_INVALID_OPTION or, for characters that would forge a request,
 *     ERR_INVALID_HEADER; about the first thing that is wrong
 */
export function parseWith<Output>(schema: z.ZodType<Output>, input: unknown, prefix = ''): Output {
  const result = readWith(schema, input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw createError('ERR_INVALID_OPTION', { takes: 'other options' });
  throw rejectionOf(issue).error(input, prefix);
}

function readWith<Output>(schema: z.ZodType<Output>, input: unknown) {
  try {
    return schema.safeParse(input);
  } catch (thrown) {
    throw unreadable(thrown);
  }
}

function rejectionOf(issue: z.core.$ZodIssue): Rejection {
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] ?? ''];
    return new Rejection('no such option', path, { hint: issue.message, unknown: true });
  }
  const extra = issue.code === 'custom' ? (issue.params as Rejection['extra']) : undefined;
  return new Rejection(issue.message, issue.path, extra);
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
