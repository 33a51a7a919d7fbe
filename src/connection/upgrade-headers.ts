import { type Fields, textOf } from '../channel/fields.js';
import { type HeaderFields, parseHeaders } from '../errors/errors.js';

/** What the option `keepHeaders` has kept of the answer; undefined where it was not asked for. */
export function headersOf(facts: Fields): HeaderFields | undefined {
  if (!facts.has('headers')) return undefined;
  return Object.freeze(parseHeaders(textOf(facts, 'headers')));
}
