// What node-gyp is told of the addon. Its file is written where it builds, not kept at the root of
// the package: a package manager that finds one there compiles by itself.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { filesUnder, fromRoot, root, versionIn } from './files.mjs';

/**
 * @typedef {object} Addon
 * @property {string} folder where node-gyp builds, relative to the project's root
 * @property {string[]} includeDirs
 * @property {string[]} libraries
 * @property {string} liburing its version
 * @property {boolean} debug
 */

/**
 * The text of a binding.gyp, which JSON is too.
 *
 * @param {Addon} addon
 */
export function gypFile({ folder, includeDirs, libraries, liburing, debug }) {
  const up = folder.replace(/[^/]+/g, '..');
  const target = {
    target_name: 'lws_pool',
    sources: filesUnder('native', ['.cc']).map((file) => `${up}/${file}`),
    // node-gyp puts the headers of Node.js before these, and they hold openssl/ and uv.h: the
    // addon and libwebsockets use the OpenSSL and the libuv that are inside the node binary.
    include_dirs: [`${root}native`, dirname(addonApi()), ...includeDirs],
    libraries,
    defines: [
      // Of the package: JavaScript of another one would misread what this writes.
      `LWS_POOL_VERSION="${versionIn(fromRoot('package.json'))}"`,
      `LWS_POOL_LIBURING="${liburing}"`,
      'NAPI_VERSION=9',
      'NAPI_CPP_EXCEPTIONS',
      // What C++ throws (no memory) reaches JavaScript as an Error, and V8's frames never.
      'NODE_ADDON_API_CPP_EXCEPTIONS_ALL',
      'NODE_ADDON_API_DISABLE_DEPRECATED',
      // In a thread that is being terminated no call succeeds and no exception can be thrown;
      // without this the whole process is aborted for it.
      'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    ],
    cflags: ['-Wall', '-Wextra', ...(debug ? ['-Og', '-g3'] : ['-O3'])],
    'cflags!': ['-fno-exceptions'],
    ...(debug && { configurations: { Release: { 'cflags!': ['-O3'] } } }),
    // Node.js exports its symbols to addons; hidden ones of ours cannot be taken for its own.
    cflags_cc: ['-std=gnu++20', '-fvisibility=hidden'],
    'cflags_cc!': ['-std=gnu++17', '-fno-exceptions'],
    ldflags: [
      // A process that lacks a function is refused when the addon is loaded, and does not die at
      // the first call of it.
      '-Wl,-z,now',
      // What is not used of the static libraries would need a newer C library.
      '-Wl,--gc-sections',
    ],
  };
  return `${JSON.stringify({ targets: [target] }, undefined, 2)}\n`;
}

/** The path of node-addon-api's package.json. */
export function addonApi() {
  return createRequire(import.meta.url).resolve('node-addon-api/package.json');
}
