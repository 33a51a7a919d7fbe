// Builds the addon, build/Release/lws_pool.node, from source, unless what is there was made from
// just this. Set-up does so in a checkout; who installs the package needs it only where none of the
// package's own binaries fits.
//
//   node scripts/addon.mjs            optimised
//   node scripts/addon.mjs --debug    for a debugger: -Og -g3, in the same place
import './lib/require-node.mjs';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { findLibraries, linkage } from './configure.mjs';
import { crossCompilers, isForeign } from './lib/architectures.mjs';
import { run } from './lib/commands.mjs';
import {
  filesUnder,
  fingerprint,
  fromRoot,
  isCurrent,
  isMain,
  root,
  versionIn,
  writeStamp,
} from './lib/files.mjs';
import { addonApi, gypFile } from './lib/gyp.mjs';
import { findMissing } from './lib/probes.mjs';
import { installAdvice, isRoot, thisSystem } from './lib/system.mjs';

/** @param {string} architecture */
function placesOf(architecture) {
  const own = !isForeign(architecture);
  return {
    folder: `build/addon/${architecture}`,
    product: own ? 'build/Release/lws_pool.node' : `build/addon/${architecture}/lws_pool.node`,
    stamp: own ? 'build/addon.stamp' : `build/addon/${architecture}/stamp`,
  };
}

/**
 * @typedef {object} Options
 * @property {boolean} [debug]
 * @property {string} [architecture]
 * @property {(text: string) => void} [onOutput]
 */

/**
 * Where the addon is, once it is built.
 *
 * @param {string} architecture
 */
export function addonProduct(architecture) {
  return placesOf(architecture).product;
}

/** @param {Options} [options] */
export function addonIsCurrent({ debug = false, architecture = process.arch } = {}) {
  const { product, stamp } = placesOf(architecture);
  return isCurrent(product, stamp, addonFingerprint(debug, architecture));
}

/**
 * @param {Options} [options]
 * @returns {Promise<{ status: number, output: string }>} status 0: the addon is there
 */
export async function buildAddon({ debug = false, architecture = process.arch, onOutput } = {}) {
  const { folder, product, stamp } = placesOf(architecture);
  const { library } = findLibraries(architecture);
  if (!library) throw new Error('no libwebsockets to build with');
  writeIfChanged(
    `${folder}/binding.gyp`,
    gypFile({ folder, debug, ...linkage(library, architecture) }),
  );

  const nodeGyp = nodeGypCommand();
  // Not `rebuild`: that would compile everything again.
  const steps = [
    ['configure', '--loglevel=error', `--arch=${architecture}`, ...nodeHeaders()],
    ['build', '--loglevel=error', '--jobs', 'max'],
  ];
  const options = {
    cwd: fromRoot(folder),
    env: { ...process.env, ...crossCompilers(architecture) },
    ...(onOutput && { onOutput }),
  };
  let output = '';
  for (const step of steps) {
    const outcome = await run(nodeGyp.program, [...nodeGyp.args, ...step], options);
    output += outcome.output;
    if (outcome.status !== 0) return { status: outcome.status, output };
  }
  // In one step, so that a process that has it open keeps what it has.
  mkdirSync(dirname(fromRoot(product)), { recursive: true });
  copyFileSync(fromRoot(`${folder}/build/Release/lws_pool.node`), fromRoot(`${product}.new`));
  renameSync(fromRoot(`${product}.new`), fromRoot(product));
  writeStamp(stamp, addonFingerprint(debug, architecture));
  return { status: 0, output };
}

/**
 * Over everything that the addon is made of or made by.
 *
 * @param {boolean} debug
 * @param {string} architecture
 */
function addonFingerprint(debug, architecture) {
  const files = [
    ...filesUnder('native'),
    'scripts/addon.mjs',
    'scripts/configure.mjs',
    'scripts/libwebsockets.mjs',
    'scripts/lib/gyp.mjs',
  ];
  return fingerprint(files, {
    debug,
    node: process.version,
    architecture,
    version: versionIn(fromRoot('package.json')),
    addonApi: versionIn(addonApi()),
    libwebsockets: findLibraries(architecture).library,
    environment: [process.env.CXX, process.env.CXXFLAGS, process.env.LDFLAGS],
  });
}

/**
 * @param {string} path
 * @param {string} text
 */
function writeIfChanged(path, text) {
  const file = fromRoot(path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/**
 * In a checkout the node-gyp of the lock file, as somebody's dependency the one that npm brings.
 *
 * @returns {{ program: string, args: string[] }}
 */
function nodeGypCommand() {
  const ofNpm = 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js';
  const places = [
    fromRoot('node_modules/node-gyp/bin/node-gyp.js'),
    process.env.npm_config_node_gyp ?? '',
    join(dirname(dirname(process.execPath)), ofNpm),
  ];
  const script = places.find((place) => place !== '' && existsSync(place));
  if (script) return { program: process.execPath, args: [script] };
  return { program: 'npx', args: ['--yes', 'node-gyp@12'] };
}

/** The headers that came with this Node.js, if they did: node-gyp would download them otherwise. */
function nodeHeaders() {
  if (process.env.npm_config_nodedir) return [];
  const prefix = dirname(dirname(process.execPath));
  const versionFile = join(prefix, 'include/node/node_version.h');
  if (!existsSync(versionFile)) return [];
  const header = readFileSync(versionFile, 'utf8');
  const version = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(header)?.[1],
  );
  return version.join('.') === process.versions.node ? [`--nodedir=${prefix}`] : [];
}

/** @param {string[]} options */
async function main(options) {
  const unknown = options.find((option) => option !== '--debug');
  if (unknown !== undefined) {
    console.error(`lws-pool: there is no option ${unknown}; the only one is --debug`);
    return 2;
  }
  // make and the shell take such a path apart.
  if (/[^\w@%+=:,./-]/.test(root)) {
    console.error(`lws-pool: the addon cannot be built in a path with spaces or quotes: ${root}`);
    return 1;
  }
  const obstacle = whyNotWritable();
  if (obstacle) {
    console.error(`lws-pool: ${fromRoot('build')} cannot be written to: ${obstacle}`);
    return 1;
  }
  const debug = options.includes('--debug');
  const { missing, unusable } = await findMissing('install');
  if (unusable) {
    console.error(`lws-pool: ${unusable.message}`);
    return 1;
  }
  if (missing.length > 0) {
    console.error(`lws-pool: to build its addon this machine needs ${missing.join(', ')}. Run`);
    for (const line of installAdvice(thisSystem(), missing, isRoot())) console.error(`  ${line}`);
    return 1;
  }
  if (addonIsCurrent({ debug })) return 0;

  const { status } = await buildAddon({ debug, onOutput: (text) => process.stderr.write(text) });
  if (status !== 0) console.error(`lws-pool: the addon could not be built in ${root}; see above.`);
  return status === 0 ? 0 : 1;
}

/** Where somebody else, or nobody, may write to the folder of the package. */
function whyNotWritable() {
  try {
    mkdirSync(fromRoot('build'), { recursive: true });
    accessSync(fromRoot('build'), constants.W_OK);
    return;
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

if (isMain(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
