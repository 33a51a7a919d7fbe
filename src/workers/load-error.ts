import { createError, type ErrorDetails, type LwsPoolError } from '../errors/errors.js';
import { tooManyFiles } from '../errors/shortage.js';

/** Why a module of the user's could not be loaded: itself, or a lack of descriptors. */
export function loadError(details: ErrorDetails, cause: unknown): LwsPoolError {
  const { handler, bio } = details;
  const operation =
    bio === undefined ? `load the handler ${handler}` : `load the BIO module ${bio}`;
  return (
    tooManyFiles(cause, { ...details, operation }) ??
    createError('ERR_HANDLER_LOAD', details, { cause })
  );
}
