import { decodeFields, textOf } from '../channel/fields.js';
import { escaped } from '../errors/phrases.js';
import type { Trouble, WarningCode } from './warning.js';

/** The warning in a record that tells of something the user should know and that ends nothing. */
export function warningIn(payload: Buffer, connection: string, worker: number): Trouble {
  const fields = decodeFields(payload);
  const message = `Connection ${connection}: ${escaped(textOf(fields, 'text'))}`;
  return {
    code: textOf(fields, 'code') as WarningCode,
    message,
    connection,
    worker,
    details: {},
  } as Trouble;
}
