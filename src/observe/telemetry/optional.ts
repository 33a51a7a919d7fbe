import { createError } from '../../errors/errors.js';

/**
 * A package that only those need who ask for it.
 *
 * @throws LwsPoolError ERR_PACKAGE_MISSING
 */
export async function optional<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw createError('ERR_PACKAGE_MISSING', { package: name }, { cause });
  }
}
