// Builds the libwebsockets that the addon is linked to: its source as the system's package archive
// has it, with what lws-pool uses and nothing else, as a static library.
//
//   node scripts/libwebsockets.mjs     builds it unless it is there
//
// Where the source cannot be had, the system's library is used, as it is with
// LWS_POOL_LIBWEBSOCKETS=system.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { aptGet } from './lib/apt.mjs';
import { architectures, crossCompilers, isArchitecture, sysrootOf } from './lib/architectures.mjs';
import { run } from './lib/commands.mjs';
import { fingerprint, fromRoot, isCurrent, isMain, writeStamp } from './lib/files.mjs';

/**
 * Runs a program where the source is, and says whether it succeeded.
 *
 * @typedef {(program: string, args: string[]) => Promise<boolean>} Step
 */

/** Debian 12's, whose package changes nothing in the source. */
const source = {
  package: 'libwebsockets=4.1.6-3',
  archive: 'libwebsockets_4.1.6.orig.tar.gz',
  sha256: '402e9a8df553c9cd2aff5d7a9758e9e5285bf3070c82539082864633db3deb83',
};

/** @param {string} architecture */
function placesOf(architecture) {
  const folder = `build/libwebsockets/${architecture}`;
  return {
    folder,
    library: `${folder}/lib/libwebsockets.a`,
    stamp: `${folder}/stamp`,
    /** What became of the last try, so that builds without a network do not try each time. */
    refusal: `${folder}/refused`,
  };
}

/** What CMake is told, besides where to put it. */
const options = [
  'CMAKE_BUILD_TYPE=Release', // without assertions, which walk all descriptors at each close
  'CMAKE_C_FLAGS=-w -fno-strict-aliasing',
  'DISABLE_WERROR=ON',
  'LWS_WITH_SHARED=OFF',
  'LWS_STATIC_PIC=ON',
  'LWS_WITHOUT_TESTAPPS=ON',
  'LWS_WITH_MINIMAL_EXAMPLES=OFF',
  'LWS_WITH_EVLIB_PLUGINS=OFF',
  'LWS_WITH_HTTP2=OFF',
  'LWS_WITHOUT_EXTENSIONS=ON',
  'LWS_WITH_ZLIB=OFF',
  'LWS_UNIX_SOCK=ON',
  'LWS_IPV6=ON',
  // There is no option for libcap: it is used where it is found.
  'LWS_HAVE_LIBCAP=0',
  'LWS_HAVE_SYS_CAPABILITY_H=0',
];

const current = fingerprint(['scripts/libwebsockets.mjs']);

/**
 * The library of our own.
 *
 * @param {string} architecture
 * @returns {{ version: string, includeDir: string, libDir: string, own: true } | undefined}
 *   undefined: the system's is to be used
 */
export function ownLibwebsockets(architecture) {
  if (process.env.LWS_POOL_LIBWEBSOCKETS === 'system') return;
  const { folder, library, stamp } = placesOf(architecture);
  if (!isCurrent(library, stamp, current)) return;
  const [, version = ''] = /libwebsockets=([\d.]+)/.exec(source.package) ?? [];
  return {
    version,
    includeDir: fromRoot(`${folder}/include`),
    libDir: fromRoot(`${folder}/lib`),
    own: true,
  };
}

/**
 * Whether there is nothing to do: it is there, it is not wanted, or its source was not to be had.
 *
 * @param {string} architecture
 */
export function libwebsocketsIsSettled(architecture) {
  const { library, stamp, refusal } = placesOf(architecture);
  return (
    process.env.LWS_POOL_LIBWEBSOCKETS === 'system' ||
    isCurrent(library, stamp, current) ||
    isCurrent(refusal, refusal, current)
  );
}

/**
 * @param {string} architecture of another one than the machine's its sysroot must be there
 * @param {{ onOutput?: (text: string) => void }} [options]
 * @returns {Promise<string | undefined>} why it is not there; undefined: it is
 */
export async function buildLibwebsockets(architecture, { onOutput } = {}) {
  const { folder, stamp, refusal } = placesOf(architecture);
  const work = fromRoot(`${folder}/work`);
  rmSync(fromRoot(folder), { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const output = onOutput ? { onOutput } : {};
  /** @type {Step} */
  const does = async (program, args) => {
    const { status } = await run(program, args, { cwd: work, ...output });
    return status === 0;
  };

  const command = ['source', '--download-only', source.package];
  const reason =
    (await aptGet({ folder: work, command, ...output })) ??
    checkArchive(`${work}/${source.archive}`) ??
    (await compile(architecture, fromRoot(folder), does));
  rmSync(work, { recursive: true, force: true });
  writeStamp(reason ? refusal : stamp, current);
  return reason;
}

/**
 * @param {string} path
 * @returns {string | undefined} why not
 */
function checkArchive(path) {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return sha256 === source.sha256 ? undefined : `${source.archive} is not what it should be`;
}

/**
 * @param {string} architecture
 * @param {string} into
 * @param {Step} does
 * @returns {Promise<string | undefined>} why not
 */
async function compile(architecture, into, does) {
  const places = [`CMAKE_INSTALL_PREFIX=${into}`, 'CMAKE_INSTALL_LIBDIR=lib'];
  const definitions = [...options, ...places, ...crossOptions(architecture)];
  const arguments_ = definitions.map((option) => `-D${option}`);
  const done =
    (await does('tar', ['xzf', source.archive, '--strip-components=1'])) &&
    (await does('cmake', ['-S', '.', '-B', 'made', ...arguments_])) &&
    (await does('cmake', ['--build', 'made', '--parallel', `${availableParallelism()}`])) &&
    (await does('cmake', ['--install', 'made']));
  return done ? undefined : 'it could not be built';
}

/** @param {string} architecture */
function crossOptions(architecture) {
  const compilers = crossCompilers(architecture);
  if (!compilers || !isArchitecture(architecture)) return [];
  const { root, includeDir, libDir } = sysrootOf(architecture);
  const openssl = ['libssl.so', 'libcrypto.so'].map((name) => `${libDir}/${name}`).join(';');
  return [
    'CMAKE_SYSTEM_NAME=Linux',
    `CMAKE_C_COMPILER=${compilers.CC}`,
    `CMAKE_FIND_ROOT_PATH=${root}`,
    `LWS_OPENSSL_INCLUDE_DIRS=${includeDir};${includeDir}/${architectures[architecture].triplet}`,
    `LWS_OPENSSL_LIBRARIES=${openssl}`,
  ];
}

if (isMain(import.meta.url) && !libwebsocketsIsSettled(process.arch)) {
  const onOutput = (/** @type {string} */ text) => process.stderr.write(text);
  const reason = await buildLibwebsockets(process.arch, { onOutput });
  if (reason) console.error(`lws-pool: no libwebsockets of its own: ${reason}`);
}
