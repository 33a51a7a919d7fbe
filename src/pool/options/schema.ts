import { z } from 'zod';
import { createError } from '../errors.js';
import { describe } from './describe.js';
import { hintFor } from './suggest.js';

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

/** How a reader says no: what the option takes, and which part of it is at fault. */
export class Rejection {
  constructor(
    /** What would have been taken; for ERR_INVALID_HEADER, what is wrong. */
    readonly takes: string,
    readonly path: readonly (string | number)[] = [],
    readonly extra: { readonly hint?: string; readonly header?: string } = {},
  ) {}
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
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw createError('ERR_INVALID_OPTION', { takes: 'other options' });
  const path =
    issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const option = prefix + pathText(path);
  if (issue.code === 'unrecognized_keys') {
    throw createError('ERR_INVALID_OPTION', { option, hint: issue.message });
  }
  const extra = issue.code === 'custom' ? issue.params : undefined;
  if (extra?.header !== undefined) {
    throw createError('ERR_INVALID_HEADER', { option, part: extra.header, reason: issue.message });
  }
  throw createError('ERR_INVALID_OPTION', {
    option: option === '' ? 'options' : option,
    got: describe(valueAt(input, path), path),
    takes: issue.message,
    hint: extra?.hint,
  });
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

/** `tls.key[0].passphrase`, `headers["x y"]`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$]+$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (value === null || typeof value !== 'object') return value;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
