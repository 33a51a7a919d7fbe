import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createError } from '../errors/errors.js';
import { checkProcess } from './process.js';

const FILE = 'lws_pool.node';

/** What to do where Node.js loads no addons. */
const ALLOW = 'Run node with --allow-addons under --permission, and without --no-addons.';

/**
 * Loads the addon: what was built here from source, else the package's own binary for this system.
 *
 * @throws LwsPoolError ERR_ADDON
 */
export function loadAddon(): unknown {
  let reason: string;
  try {
    const built = inPackage(`build/Release/${FILE}`);
    if (existsSync(built)) return createRequire(import.meta.url)(built);
    const system = thisSystem();
    const ready = inPackage(`prebuilds/${system}/${FILE}`);
    if (existsSync(ready)) return createRequire(import.meta.url)(ready);
    reason = `the package has no binary for ${system}`;
  } catch (cause) {
    // A binary of its own would not help a runtime with another OpenSSL, such as Bun.
    checkProcess();
    const { message, code } = cause as NodeJS.ErrnoException;
    reason = message.replaceAll('\n', ' ');
    const hint = code === 'ERR_DLOPEN_DISABLED' ? ALLOW : wayOut();
    throw createError('ERR_ADDON', { reason, hint }, { cause });
  }
  throw createError('ERR_ADDON', { reason, hint: wayOut() });
}

/** For example `linux-x64`; `linux-x64-musl` where the C library is musl, as in Alpine. */
function thisSystem(): string {
  const system = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' && isMusl() ? `${system}-musl` : system;
}

/** Node.js names the loader it was linked for in its first bytes, see elf(5), PT_INTERP. */
function isMusl(): boolean {
  const start = Buffer.alloc(4096);
  try {
    const file = openSync(process.execPath, 'r');
    try {
      readSync(file, start);
    } finally {
      closeSync(file);
    }
  } catch {
    return false; // Whatever it is, dlopen(3) will say whether it fits.
  }
  return start.includes('/ld-musl-');
}

/** What to do where none can be loaded. */
function wayOut(): string {
  const script = inPackage('scripts/addon.mjs');
  return existsSync(script)
    ? `Build it here from source: node ${script}`
    : 'A bundler took the code out of its package: mark lws-pool as external (esbuild: --external:lws-pool).';
}

function inPackage(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
