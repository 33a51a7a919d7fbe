import { createError } from '../../errors/errors.js';

/**
 * A package that only those need who ask for it. Bundlers cannot see it here, and leave it alone.
 *
 * @throws LwsPoolError ERR_PACKAGE_MISSING
 */
export async function optional<Module>(name: string): Promise<Module> {
  try {
    return (await import(name)) as Module;
  } catch (cause) {
    throw createError('ERR_PACKAGE_MISSING', { package: name }, { cause });
  }
}
