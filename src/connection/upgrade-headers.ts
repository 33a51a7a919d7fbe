import type { Fields } from '../channel/fields.js';
import { type HeaderFields, parseHeaders } from '../errors/errors.js';

/** What the option `keepHeaders` has kept of the answer; undefined where it was not asked for. */
export function headersOf(facts: Fields): HeaderFields | undefined {
  const block = facts.get('headers');
  if (block === undefined) return undefined;
  // As Node.js reads them: one byte for each character (RFC 9110 section 5.5).
  return Object.freeze(parseHeaders(block.toString('latin1')));
}
