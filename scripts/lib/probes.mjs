// What this machine lacks. Each probe tries the real thing: a compiler by compiling, a header by
// including it. That a package is registered somewhere says less.
import { findLibraries } from '../configure.mjs';
import { architectures, crossCompilers, isForeign } from './architectures.mjs';
import { answer, run } from './commands.mjs';

/** @typedef {import('./system.mjs').Need} Need */
/** @typedef {import('../configure.mjs').Problem} Problem */

/** @typedef {'install' | 'build' | 'test' | 'bench' | 'prebuild' | 'package'} Purpose */

/** To build the libwebsockets of a checkout, whose source comes by apt. */
const forLibwebsockets = /** @type {Need[]} */ (
  answer('apt-get', ['--version']) === undefined ? [] : ['cmake', 'openssl']
);

/** @type {Record<Purpose, Need[]>} */
const needsFor = {
  // The package, from source, where it is installed.
  install: ['compiler', 'make', 'python', 'pkg-config', 'libwebsockets', 'liburing'],
  build: forLibwebsockets,
  // The native tests are plain programs: they have a test framework, and their own OpenSSL and zlib. Spin
  // makes C programs of models. strace shows what the worker does with a leased connection, tshark
  // what is in a capture.
  test: [
    'doctest',
    'openssl',
    'zlib',
    'spin',
    'C compiler',
    'strace',
    'tshark',
    ...forLibwebsockets,
  ],
  // Peers and servers in C and C++; the benchmark goes without those that cannot be compiled.
  bench: ['C compiler', 'openssl', 'boost', ...forLibwebsockets],
  prebuild: ['cross compiler', ...forLibwebsockets],
  // It runs the binary of the other architecture as well.
  package: ['cross compiler', 'emulator', ...forLibwebsockets],
};

/** What names another program than the usual. @type {Partial<Record<Need, string>>} */
const variables = {
  compiler: 'CXX',
  make: 'MAKE',
  python: 'PYTHON',
  'pkg-config': 'PKG_CONFIG',
  'C compiler': 'CC',
};

/** @type {Partial<Record<Need, () => Promise<boolean>>>} */
const probes = {
  compiler: () => compiles('#include <concepts>\nstatic_assert(std::integral<int>);'),
  make: () => succeeds(process.env.MAKE || 'make', ['--version']),
  python: () => succeeds(process.env.PYTHON || 'python3', ['-c', 'import json, subprocess']),
  'pkg-config': () => succeeds(process.env.PKG_CONFIG || 'pkg-config', ['--version']),
  doctest: () => compiles('#include <doctest/doctest.h>', ['-E']),
  openssl: () => compiles('#include <openssl/ssl.h>', ['-E']),
  zlib: () => compiles('#include <zlib.h>', ['-E']),
  boost: () => compiles('#include <boost/beast/version.hpp>', ['-E']),
  'cross compiler': () => succeeds(crossCompiler(), ['--version']),
  emulator: () => succeeds('qemu-aarch64-static', ['--version']),
  cmake: () => succeeds('cmake', ['--version']),
  spin: () => succeeds('spin', ['-V']),
  'C compiler': () => succeeds(process.env.CC?.split(/\s+/)[0] || 'gcc', ['--version']),
  strace: () => succeeds('strace', ['-V']),
  tshark: () => succeeds('tshark', ['--version']),
};

/**
 * What is missing and can be installed, and what is there but cannot be used.
 *
 * @param {Purpose} purpose
 * @returns {Promise<{ missing: Need[], unusable?: Problem }>}
 */
export async function findMissing(purpose) {
  const wanted = [...new Set([...needsFor.install, ...needsFor[purpose]])];
  const present = await Promise.all(wanted.map((need) => probes[need]?.() ?? true));
  const missing = wanted.filter((_, index) => !present[index]);
  const misnamed = missing.find((need) => process.env[variables[need] ?? '']);
  if (misnamed) {
    const variable = variables[misnamed] ?? '';
    const message = `${variable} is set to "${process.env[variable]}", which does not work: correct or unset it`;
    return { missing: [], unusable: { message } };
  }

  // Headers cannot be looked for without a compiler, nor libraries without pkg-config; they are
  // then listed as missing too, so that one command installs everything.
  if (missing.includes('pkg-config')) {
    return { missing: [...missing, 'libwebsockets', 'liburing'] };
  }
  const { problems } = findLibraries();
  for (const { need } of problems) if (need) missing.push(need);
  const unusable = problems.find(({ need }) => !need);
  return unusable ? { missing, unusable } : { missing };
}

function crossCompiler() {
  const foreign = Object.keys(architectures).find(isForeign) ?? '';
  return crossCompilers(foreign)?.CXX ?? '';
}

/**
 * @param {string} source
 * @param {string[]} [mode]
 */
function compiles(source, mode = ['-fsyntax-only']) {
  // CXX may carry a launcher or flags ("ccache g++"), as make allows.
  const [compiler = 'g++', ...flags] = (process.env.CXX || 'g++').split(/\s+/);
  const args = [...flags, '-std=gnu++20', ...mode, '-x', 'c++', '-'];
  return succeeds(compiler, args, source);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} [input]
 */
async function succeeds(program, args, input) {
  return (await run(program, args, input === undefined ? {} : { input })).status === 0;
}
