import { existsSync, lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../base/version.js';
import { createError } from '../errors/errors.js';
import { isCutOff, isMusl } from './elf.js';
import { checkProcess } from './process.js';

const FILE = 'lws_pool.node';
const BUILT = `build/Release/${FILE}`;

/** Why there is no addon, and what to do about it. */
class Obstacle extends Error {
  readonly hint: string;

  constructor(reason: string, hint: string, cause?: unknown) {
    super(reason, { cause });
    this.hint = hint;
  }
}

/**
 * Loads the addon: what was built here from source, else the package's own binary for this system.
 *
 * @throws LwsPoolError ERR_ADDON
 */
export function loadAddon(): unknown {
  try {
    return isThere(BUILT) ? load(BUILT) : load(packaged());
  } catch (error) {
    if (!(error instanceof Obstacle)) throw error;
    const { message: reason, hint, cause } = error;
    throw createError('ERR_ADDON', { reason, hint }, cause === undefined ? {} : { cause });
  }
}

/** The package's own for this system, from the root of the package. */
function packaged(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') {
    throw new Obstacle(`this system is ${platform}`, 'It runs on Linux alone.');
  }
  const system = `${platform}-${arch}${isMusl(process.execPath) ? '-musl' : ''}`;
  const path = `prebuilds/${system}/${FILE}`;
  if (isThere(path)) return path;
  const reason = `the package has no binary for ${system}`;
  throw new Obstacle(reason, canBuild() ? build() : INCOMPLETE);
}

function load(path: string): unknown {
  const file = inPackage(path);
  // The loader would map what is not there, and the process die of it.
  if (isCutOff(file)) throw new Obstacle(`${file} is cut off`, renewal(path));
  let addon: { version?: string };
  try {
    addon = createRequire(import.meta.url)(file);
  } catch (cause) {
    // A binary of its own would not help a runtime with another OpenSSL, such as Bun.
    checkProcess();
    const { message } = cause as Error;
    throw new Obstacle(message.replaceAll('\n', ' '), cure(cause as Error, path), cause);
  }
  if (addon.version === VERSION) return addon;
  const built = addon.version === undefined ? 'another version' : `version ${addon.version}`;
  throw new Obstacle(`${file} was built for ${built}, and this is ${VERSION}`, renewal(path));
}

/** By what dlopen(3) says, or Node.js where it does not get so far. */
function cure(error: Error & { code?: string }, path: string): string {
  if (error.code === 'ERR_DLOPEN_DISABLED') {
    return 'Run node with --allow-addons under --permission, and without --no-addons.';
  }
  if (/permission denied/i.test(error.message)) {
    return 'Let the user that this process runs as read the package.';
  }
  if (/undefined symbol/.test(error.message)) {
    return 'Run it with Node.js 20.19 or newer, and one that has OpenSSL 3 inside.';
  }
  return /GLIBC|\.so/.test(error.message.replaceAll(FILE, '')) ? build() : renewal(path);
}

/** How to come by a file that is whole and of this version. */
function renewal(path: string): string {
  if (path !== BUILT) return 'Install lws-pool again.';
  return `${build()}, or delete ${inPackage('build')} to use the binary of the package`;
}

const INCOMPLETE =
  'Files of the package are missing: install it again. If a bundler took the code out of its package, mark lws-pool as external (esbuild: --external:lws-pool).';

function canBuild(): boolean {
  return existsSync(inPackage('scripts/addon.mjs'));
}

function build(): string {
  const script = inPackage('scripts/addon.mjs');
  const quoted = /[^\w@%+=:,./-]/.test(script) ? `'${script.replaceAll("'", "'\\''")}'` : script;
  return canBuild() ? `Build it here from source: node ${quoted}` : INCOMPLETE;
}

/** Links to nowhere included, and what may not be looked at: the loader says what is wrong with it. */
function isThere(path: string): boolean {
  try {
    lstatSync(inPackage(path));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function inPackage(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
