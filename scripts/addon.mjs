// Builds the addon, build/Release/lws_pool.node, unless what is there was made from just this.
// npm runs it when the package is installed, and set-up in a checkout; whichever comes second
// finds nothing to do.
//
//   node scripts/addon.mjs            optimised
//   node scripts/addon.mjs --debug    for a debugger: -Og -g3, in the same place
import './lib/require-node.mjs';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findLibraries } from './configure.mjs';
import { run } from './lib/commands.mjs';
import {
  filesUnder,
  fingerprint,
  fromRoot,
  isCurrent,
  isMain,
  root,
  writeStamp,
} from './lib/files.mjs';
import { findMissing } from './lib/probes.mjs';
import { installAdvice, isRoot, thisSystem } from './lib/system.mjs';

const product = 'build/Release/lws_pool.node';
const stamp = 'build/addon.stamp';

/** @param {{ debug?: boolean }} [options] */
export function addonIsCurrent({ debug = false } = {}) {
  return isCurrent(product, stamp, addonFingerprint(debug));
}

/**
 * @param {{ debug?: boolean, onOutput?: (text: string) => void }} [options]
 * @returns {Promise<{ status: number, output: string }>} status 0 if the addon is there
 */
export async function buildAddon({ debug = false, onOutput } = {}) {
  const nodeGyp = nodeGypCommand();
  const arguments_ = [...nodeHeaders(), ...(debug ? ['--', '-Dlws_pool_debug=1'] : [])];
  // Not `rebuild`: that would begin by deleting build/, with all that other tools keep there.
  const steps = [
    ['configure', '--loglevel=error', ...arguments_],
    ['build', '--loglevel=error', '--jobs', 'max'],
  ];
  let output = '';
  for (const step of steps) {
    const outcome = await run(
      nodeGyp.program,
      [...nodeGyp.args, ...step],
      onOutput ? { onOutput } : {},
    );
    output += outcome.output;
    if (outcome.status !== 0) return { status: outcome.status, output };
  }
  writeStamp(stamp, addonFingerprint(debug));
  return { status: 0, output };
}

/**
 * Over everything that the addon is made of or made by.
 *
 * @param {boolean} debug
 */
function addonFingerprint(debug) {
  const addonApi = createRequire(import.meta.url).resolve('node-addon-api/package.json');
  const files = [
    ...filesUnder('native'),
    'binding.gyp',
    'scripts/addon.mjs',
    'scripts/configure.mjs',
    'scripts/libwebsockets.mjs',
    'scripts/native-sources.mjs',
  ];
  return fingerprint(files, {
    debug,
    node: process.version,
    architecture: process.arch,
    addonApi: JSON.parse(readFileSync(addonApi, 'utf8')).version,
    libwebsockets: findLibraries().library,
    environment: [process.env.CXX, process.env.CXXFLAGS, process.env.LDFLAGS],
  });
}

/**
 * In a checkout the node-gyp of the lock file; as somebody's dependency the one npm brings.
 *
 * @returns {{ program: string, args: string[] }}
 */
function nodeGypCommand() {
  const own = fromRoot('node_modules/node-gyp/bin/node-gyp.js');
  const script = existsSync(own) ? own : process.env.npm_config_node_gyp;
  return script ? { program: process.execPath, args: [script] } : { program: 'node-gyp', args: [] };
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
  const debug = options.includes('--debug');
  const { missing, unusable } = await findMissing('build');
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

if (isMain(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
