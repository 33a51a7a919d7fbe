import { errorFromNative, type LwsPoolError } from '../pool/errors.js';
import { type Fields, textOf } from './fields.js';

/**
 * The error that the fields of a record tell of; undefined where they tell of none.
 *
 * @param known what the reader knows better than native code: the URL, the host as asked for
 */
export function errorIn(
  fields: Fields,
  known: Readonly<Record<string, string>> = {},
): LwsPoolError | undefined {
  const code = textOf(fields, 'code');
  if (code === '') return undefined;
  const facts = new Map<string, string | Buffer>([...Object.entries(known), ...fields]);
  facts.delete('code');
  const thrown = facts.get('thrown');
  facts.delete('thrown');
  if (thrown === undefined) return errorFromNative(code, facts);
  const cause = new Error(textOf(fields, 'reason'));
  cause.stack = thrown.toString();
  return errorFromNative(code, facts, { cause });
}
