import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Programs that npm packages bring along. Packages like `bun` and `deno` are launchers that an
 * install script completes; the program itself lies in a package for each platform.
 */

const require = createRequire(import.meta.url);
const suffix = process.platform === 'win32' ? '.exe' : '';
const libc =
  process.platform !== 'linux'
    ? ''
    : process.report.getReport().header.glibcVersionRuntime
      ? 'glibc'
      : 'musl';

export function bunBinary() {
  const platform = `${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  return inPackage(`@oven/bun-${platform}${libc === 'musl' ? '-musl' : ''}`, `bin/bun${suffix}`);
}

export function denoBinary() {
  const platform = `${process.platform}-${process.arch}`;
  return inPackage(`@deno/${platform}${libc && `-${libc}`}`, `deno${suffix}`);
}

/** Without its native part the package falls back to what `ws` does anyway. */
export function hasBufferUtil() {
  try {
    const manifest = require.resolve('bufferutil/package.json');
    return Boolean(createRequire(manifest)('node-gyp-build').path(dirname(manifest)));
  } catch {
    return false;
  }
}

function inPackage(name, path) {
  try {
    const binary = join(dirname(require.resolve(`${name}/package.json`)), path);
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}
