// Finds libwebsockets and liburing for the build and refuses, in one line, what lws-pool cannot work
// with.
//
//   node scripts/configure.mjs     checks, and says what was found
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isArchitecture, isForeign, sysrootOf } from './lib/architectures.mjs';
import { answer } from './lib/commands.mjs';
import { isMain } from './lib/files.mjs';
import { installAdvice, isRoot, thisSystem } from './lib/system.mjs';
import { ownLibwebsockets } from './libwebsockets.mjs';

const oldest = { major: 4, minor: 1 };
/** The first with everything that the rings use, zero-copy sends last. */
const oldestLiburing = '2.3';

/**
 * @typedef {object} Problem
 * @property {string} message what is wrong and what to do, in one line
 * @property {import('./lib/system.mjs').Need} [need] set if installing a package is the cure
 */

/**
 * @typedef {object} Libwebsockets
 * @property {string} version
 * @property {string} includeDir
 * @property {string} libDir
 * @property {boolean} [own] built by set-up, see scripts/libwebsockets.mjs
 */

/** TLS libraries other than OpenSSL, by what they leave in lws_config.h. */
const otherTls = {
  LWS_WITH_MBEDTLS: 'mbedTLS',
  LWS_WITH_GNUTLS: 'GnuTLS',
  LWS_WITH_WOLFSSL: 'wolfSSL',
  USE_WOLFSSL: 'wolfSSL',
  LWS_WITH_CYASSL: 'CyaSSL',
  LWS_WITH_BORINGSSL: 'BoringSSL',
  LWS_WITH_AWSLC: 'AWS-LC',
  LWS_WITH_BEARSSL: 'BearSSL',
  LWS_WITH_OPENHITLS: 'openHiTLS',
  LWS_WITH_SCHANNEL: 'Schannel',
};

/** What else must have been switched on when the library was built, with CMake's switch for it. */
const features = [
  { define: 'LWS_WITH_CLIENT', without: 'the client', cmake: '-DLWS_WITHOUT_CLIENT=OFF' },
  { define: 'LWS_WITH_SERVER', without: 'the server', cmake: '-DLWS_WITHOUT_SERVER=OFF' },
  { define: 'LWS_WITH_UNIX_SOCK', without: 'Unix sockets', cmake: '-DLWS_UNIX_SOCK=ON' },
  { define: 'LWS_WITH_IPV6', without: 'IPv6', cmake: '-DLWS_IPV6=ON' },
];

/**
 * Why this build of libwebsockets cannot be used, or undefined if it can.
 *
 * @param {string} config the text of its lws_config.h
 * @param {string} version as pkg-config gives it; Debian's ends in a dash ("4.1.6-")
 * @returns {Problem | undefined}
 */
export function checkConfig(config, version) {
  const defined = new Set(
    [...config.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)/gm)].map(([, name]) => name),
  );
  const found = `libwebsockets ${version.replace(/-$/, '')}`;

  const [major = 0, minor = 0] = (version.match(/\d+/g) ?? []).map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    return {
      message:
        `${found} is too old: lws-pool needs ${oldest.major}.${oldest.minor} or newer, as in ` +
        'Debian 12, Ubuntu 24.04 and later; for your own build of it set PKG_CONFIG_PATH.',
    };
  }

  // LWS_OPENSSL_SUPPORT only means "with TLS": lws sets it for mbedTLS too.
  for (const [define, name] of Object.entries(otherTls)) {
    if (defined.has(define)) return { message: rebuild(found, `with ${name}`, openssl) };
  }
  if (!defined.has('LWS_WITH_TLS') && !defined.has('LWS_OPENSSL_SUPPORT')) {
    return { message: rebuild(found, 'without TLS', openssl) };
  }

  for (const { define, without, cmake } of features) {
    if (!defined.has(define)) {
      return { message: rebuild(found, `without ${without}`, `with ${cmake}`) };
    }
  }
  return undefined;
}

// Node.js has OpenSSL inside; the SSL objects that lws makes must be of the same library.
const openssl = 'with OpenSSL (-DLWS_WITH_SSL=ON, other TLS libraries off)';

/**
 * @param {string} found
 * @param {string} how
 * @param {string} cure
 */
function rebuild(found, how, cure) {
  return (
    `${found} was built ${how}, which lws-pool cannot use: install your system's package of it, ` +
    `or build it ${cure} and set PKG_CONFIG_PATH.`
  );
}

/** @param {import('./lib/system.mjs').Need} need */
function advice(need) {
  return installAdvice(thisSystem(), [need], isRoot()).join('; ');
}

/**
 * The libwebsockets of our own, or the one that pkg-config knows, which is checked.
 *
 * @param {string} architecture
 * @returns {{ library: Libwebsockets, problem?: undefined } | { library?: undefined, problem: Problem }}
 */
function findLibwebsockets(architecture) {
  const pkgConfig = process.env.PKG_CONFIG || 'pkg-config';
  if (answer(pkgConfig, ['--version']) === undefined) {
    return missing('pkg-config', `${pkgConfig} was not found`);
  }
  const own = ownLibwebsockets(architecture);
  if (own) return { library: own };
  const version = answer(pkgConfig, ['--modversion', 'libwebsockets']);
  if (!version) {
    return missing('libwebsockets', 'pkg-config finds no libwebsockets');
  }
  const includeDir =
    answer(pkgConfig, ['--variable=includedir', 'libwebsockets']) || '/usr/include';
  const libDir = answer(pkgConfig, ['--variable=libdir', 'libwebsockets']) || '/usr/lib';

  const configFile = join(includeDir, 'lws_config.h');
  if (!existsSync(configFile)) {
    return missing('libwebsockets', `libwebsockets is there but not its header ${configFile}`);
  }
  const problem = checkConfig(readFileSync(configFile, 'utf8'), version);
  return problem ? { problem } : { library: { version, includeDir, libDir } };
}

/**
 * @param {import('./lib/system.mjs').Need} need
 * @param {string} what
 */
function missing(need, what) {
  return { problem: { need, message: `${what}: run ${advice(need)}` } };
}

/**
 * Asks pkg-config for liburing.
 *
 * @returns {Problem | undefined}
 */
function liburingProblem() {
  const pkgConfig = process.env.PKG_CONFIG || 'pkg-config';
  if (answer(pkgConfig, [`--atleast-version=${oldestLiburing}`, 'liburing']) !== undefined) return;
  const version = answer(pkgConfig, ['--modversion', 'liburing']);
  if (!version) return missing('liburing', 'pkg-config finds no liburing').problem;
  return {
    message:
      `liburing ${version} is too old: lws-pool needs ${oldestLiburing} or newer, as in Debian 12, ` +
      'Ubuntu 24.04 and later; for your own build of it set PKG_CONFIG_PATH.',
  };
}

/**
 * All that the addon is linked to, and all that is wrong with it.
 *
 * @param {string} [architecture]
 * @returns {{ library?: Libwebsockets, problems: Problem[] }}
 */
export function findLibraries(architecture = process.arch) {
  const { library, problem } = findLibwebsockets(architecture);
  // Without pkg-config nothing else can be asked.
  if (problem?.need === 'pkg-config') return { problems: [problem] };
  const problems = [problem, liburingProblem()].filter((found) => found !== undefined);
  return library ? { library, problems } : { problems };
}

/**
 * What the addon is compiled and linked with. Only the libraries themselves are linked. What
 * pkg-config adds (OpenSSL, libuv, libcap) must not be: OpenSSL and libuv are in the `node` binary,
 * and a second copy of either would be another library with the same names.
 *
 * With a libwebsockets of our own the addon needs nothing but the C library: what can be linked
 * statically is, and nobody else in the process finds its symbols.
 *
 * @param {Libwebsockets} library
 * @param {string} architecture
 * @returns {{ includeDirs: string[], libraries: string[], liburing: string }}
 */
export function linkage({ includeDir, libDir, own }, architecture) {
  const liburing = findLiburing(architecture);
  if (own) {
    return {
      includeDirs: [includeDir, ...(liburing.includeDir ? [liburing.includeDir] : [])],
      libraries: [
        `${libDir}/libwebsockets.a`,
        liburing.library,
        ...staticStandardLibrary(),
        '-Wl,--exclude-libs,ALL',
      ],
      liburing: liburing.version,
    };
  }
  return {
    // The compiler searches /usr/include anyway; naming it would put the system's OpenSSL headers
    // before those of Node.js.
    includeDirs: includeDir === '/usr/include' ? [] : [includeDir],
    libraries: [
      `-L${libDir}`,
      // A library outside the loader's own folders is not found at run time without this.
      ...(/^\/(usr\/)?lib/.test(libDir) ? [] : [`-Wl,-rpath,${libDir}`]),
      '-lwebsockets',
      '-luring',
    ],
    liburing: liburing.version,
  };
}

/**
 * @param {string} architecture
 * @returns {{ version: string, library: string, includeDir?: string }} the static one where it is
 */
function findLiburing(architecture) {
  const pkgConfig = process.env.PKG_CONFIG || 'pkg-config';
  if (isForeign(architecture) && isArchitecture(architecture)) {
    const { includeDir, libDir } = sysrootOf(architecture);
    const version = answer(pkgConfig, ['--modversion', `${libDir}/pkgconfig/liburing.pc`]) ?? '';
    return { version, library: `${libDir}/liburing.a`, includeDir };
  }
  const version = answer(pkgConfig, ['--modversion', 'liburing']) ?? '';
  const library = `${answer(pkgConfig, ['--variable=libdir', 'liburing'])}/liburing.a`;
  return { version, library: existsSync(library) ? library : '-luring' };
}

/** The sanitizers have to see what it throws. */
function staticStandardLibrary() {
  return process.env.LDFLAGS?.includes('-fsanitize') ? [] : ['-static-libstdc++'];
}

function main() {
  const { library, problems } = findLibraries();
  if (problems[0] || !library) {
    console.error(`lws-pool: ${problems[0]?.message}`);
    process.exitCode = 1;
  } else {
    console.log(`libwebsockets ${library.version.replace(/-$/, '')} in ${library.libDir}`);
  }
}

if (isMain(import.meta.url)) main();
