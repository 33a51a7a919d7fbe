// Builds the libwebsockets that the addon is linked to: its source as the system's package archive
// has it, with what lws-pool uses and nothing else, as a static library.
//
//   node scripts/libwebsockets.mjs     builds it unless it is there
//
// Where the source cannot be had, the system's library is used, as it is with
// LWS_POOL_LIBWEBSOCKETS=system.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { answer, run } from './lib/commands.mjs';
import { fingerprint, fromRoot, isCurrent, isMain, writeStamp } from './lib/files.mjs';

/**
 * Runs a program where the source is, and says whether it succeeded.
 *
 * @typedef {(program: string, args: string[], env?: NodeJS.ProcessEnv) => Promise<boolean>} Step
 */

/** Debian 12's, whose package changes nothing in the source. */
const source = {
  package: 'libwebsockets=4.1.6-3',
  archive: 'libwebsockets_4.1.6.orig.tar.gz',
  sha256: '402e9a8df553c9cd2aff5d7a9758e9e5285bf3070c82539082864633db3deb83',
};

const folder = 'build/libwebsockets';
const library = `${folder}/lib/libwebsockets.a`;
const stamp = `${folder}/stamp`;
/** What became of the last try, so that builds without a network do not try each time. */
const refusal = `${folder}/refused`;

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

const current = fingerprint(['scripts/libwebsockets.mjs'], { architecture: process.arch });

/**
 * The library of our own.
 *
 * @returns {{ version: string, includeDir: string, libDir: string, own: true } | undefined}
 *   undefined: the system's is to be used
 */
export function ownLibwebsockets() {
  if (process.env.LWS_POOL_LIBWEBSOCKETS === 'system') return;
  if (!isCurrent(library, stamp, current)) return;
  const [, version = ''] = /libwebsockets=([\d.]+)/.exec(source.package) ?? [];
  return {
    version,
    includeDir: fromRoot(`${folder}/include`),
    libDir: fromRoot(`${folder}/lib`),
    own: true,
  };
}

/** Whether there is nothing to do: it is there, it is not wanted, or its source was not to be had. */
export function libwebsocketsIsSettled() {
  return (
    process.env.LWS_POOL_LIBWEBSOCKETS === 'system' ||
    isCurrent(library, stamp, current) ||
    isCurrent(refusal, refusal, current)
  );
}

/**
 * @param {{ onOutput?: (text: string) => void }} [options]
 * @returns {Promise<string | undefined>} why it is not there; undefined: it is
 */
export async function buildLibwebsockets({ onOutput } = {}) {
  const work = fromRoot(`${folder}/work`);
  rmSync(fromRoot(folder), { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  /** @type {Step} */
  const does = async (program, args, env) => {
    const { status } = await run(program, args, {
      cwd: work,
      ...(env && { env }),
      ...(onOutput && { onOutput }),
    });
    return status === 0;
  };

  const reason = (await fetchSource(work, does)) ?? (await compile(does));
  rmSync(work, { recursive: true, force: true });
  writeStamp(reason ? refusal : stamp, current);
  return reason;
}

/**
 * @param {Step} does
 * @returns {Promise<string | undefined>} why not
 */
async function compile(does) {
  const into = [`CMAKE_INSTALL_PREFIX=${fromRoot(folder)}`, 'CMAKE_INSTALL_LIBDIR=lib'];
  const definitions = [...options, ...into].map((option) => `-D${option}`);
  const done =
    (await does('tar', ['xzf', source.archive, '--strip-components=1'])) &&
    (await does('cmake', ['-S', '.', '-B', 'made', ...definitions])) &&
    (await does('cmake', ['--build', 'made', '--parallel', `${availableParallelism()}`])) &&
    (await does('cmake', ['--install', 'made']));
  return done ? undefined : 'it could not be built';
}

/**
 * Asks apt's own mirrors, with lists of source packages that are ours alone: the machine's stay as
 * they are.
 *
 * @param {string} work
 * @param {Step} does
 * @returns {Promise<string | undefined>} why not
 */
async function fetchSource(work, does) {
  if (answer('apt-get', ['--version']) === undefined) return 'there is no apt-get';
  for (const path of ['lists/partial', 'cache/archives/partial', 'sources.d']) {
    mkdirSync(`${work}/apt/${path}`, { recursive: true });
  }
  for (const name of sourceLists()) {
    const text = readFileSync(name, 'utf8')
      .replace(/^(Types:).*$/gm, '$1 deb-src')
      .replace(/^deb(?=\s)/gm, 'deb-src');
    writeFileSync(`${work}/apt/sources.d/${name.split('/').pop()}`, text);
  }
  writeFileSync(
    `${work}/apt/conf`,
    [
      'Dir::Etc::sourcelist "-";',
      `Dir::Etc::sourceparts "${work}/apt/sources.d";`,
      `Dir::State::lists "${work}/apt/lists";`,
      `Dir::Cache "${work}/apt/cache";`,
    ].join('\n'),
  );
  const env = { ...process.env, APT_CONFIG: `${work}/apt/conf` };
  await does('apt-get', ['update'], env);
  if (!(await does('apt-get', ['source', '--download-only', source.package], env))) {
    return `apt has no source of ${source.package}`;
  }
  const archive = readFileSync(`${work}/${source.archive}`);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return sha256 === source.sha256 ? undefined : `${source.archive} is not what it should be`;
}

function sourceLists() {
  const parts = '/etc/apt/sources.list.d';
  /** @param {() => string[]} look */
  const orNone = (look) => {
    try {
      return look();
    } catch {
      return [];
    }
  };
  const names = orNone(() => readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name)));
  const main = orNone(() => [readFileSync('/etc/apt/sources.list', 'utf8')]);
  return [
    ...(main.length > 0 ? ['/etc/apt/sources.list'] : []),
    ...names.map((n) => `${parts}/${n}`),
  ];
}

if (isMain(import.meta.url) && !libwebsocketsIsSettled()) {
  const reason = await buildLibwebsockets({ onOutput: (text) => process.stderr.write(text) });
  if (reason) console.error(`lws-pool: no libwebsockets of its own: ${reason}`);
}
