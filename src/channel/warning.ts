import { decodeFields, textOf } from './fields.js';

/** A record that tells of something the user should know and that ends nothing. */
export function emitWarning(connection: string, payload: Buffer): void {
  const fields = decodeFields(payload);
  process.emitWarning(`Connection ${connection}: ${textOf(fields, 'text')}`, {
    type: 'LwsPoolWarning',
    code: textOf(fields, 'code'),
  });
}
