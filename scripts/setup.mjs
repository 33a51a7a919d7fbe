// Everything between a fresh clone and running code: system packages, npm packages, the addon,
// the TypeScript. Each step first looks whether it has anything to do; with nothing to do all of
// them take well under a second. It runs before `npm ci`, so it uses Node.js alone.
//
//   node scripts/setup.mjs                 all that building and testing needs
//   node scripts/setup.mjs --for build     without what only the tests need
//   node scripts/setup.mjs --for bench     what building needs, and what bench/ compiles
//   node scripts/setup.mjs --for prebuild  what building needs, also for other architectures
//   node scripts/setup.mjs --for package   the same, and what runs those
//   node scripts/setup.mjs --quiet         prints failures alone
//
// It prints to standard error: the programs that run after it own standard output.
import './lib/require-node.mjs';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
// Not by the name it is used with: a Node.js too old to have it must get as far as being told.
import util from 'node:util';
import { addonIsCurrent, buildAddon } from './addon.mjs';
import { answer, npmCommand, run } from './lib/commands.mjs';
import { filesUnder, fingerprint, fromRoot, isCurrent, writeStamp } from './lib/files.mjs';
import { fetchNode, newestNode, nodeIsThere, nodesUnavailable } from './lib/nodes.mjs';
import { findMissing } from './lib/probes.mjs';
import { installAdvice, isRoot, packagesFor, thisSystem } from './lib/system.mjs';
import { buildLibwebsockets, libwebsocketsIsSettled } from './libwebsockets.mjs';

/** @typedef {import('./lib/commands.mjs').Outcome} Outcome */

const log = 'build/setup.log';

/** A reason to stop that has been put into words. */
class SetupError extends Error {}

/** @param {import('./lib/probes.mjs').Purpose} purpose */
async function systemPackages(purpose) {
  const { missing, unusable } = await findMissing(purpose);
  if (unusable) throw new SetupError(unusable.message);
  if (missing.length === 0) return;

  const advice = installAdvice(thisSystem(), missing, isRoot()).join('\n  ');
  if (!isRoot() || answer('apt-get', ['--version']) === undefined) {
    throw new SetupError(`this machine lacks ${missing.join(', ')}. Run\n  ${advice}`);
  }

  const names = packagesFor('debian', missing);
  begin(`system packages: apt-get install ${names.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // A list that cannot be fetched matters only if the packages cannot be either.
  await logged('apt-get', ['update'], env);
  // Another apt-get may be at work, as on a machine that has just started: wait for it.
  const patience = ['-o', 'DPkg::Lock::Timeout=120'];
  const install = ['install', '-y', '--no-install-recommends', ...patience, ...names];
  succeed(await logged('apt-get', install, env), `install them by hand: ${advice}`);

  const after = await findMissing(purpose);
  if (after.unusable) throw new SetupError(after.unusable.message);
  if (after.missing.length > 0) {
    throw new SetupError(`${names.join(' ')} installed, but still no ${after.missing.join(', ')}`);
  }
}

async function npmPackages() {
  const product = 'node_modules/.package-lock.json';
  const stamp = 'node_modules/.lws-pool-setup';
  const current = fingerprint(['package-lock.json']);
  if (isCurrent(product, stamp, current)) return;

  begin('npm packages: npm ci');
  // No package in the lock file needs its install script, and our own is the next step.
  // Development packages are wanted even where NODE_ENV says "production".
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
  const npm = npmCommand();
  const outcome = await logged(npm.program, [...npm.args, ...args]);
  succeed(outcome, 'if the registry could not be reached, run the same command again later');
  writeStamp(stamp, current);
}

async function libwebsockets() {
  if (libwebsocketsIsSettled(process.arch)) return;
  begin('libwebsockets: apt-get source, cmake');
  const reason = await buildLibwebsockets(process.arch, { onOutput: note });
  if (reason) begin(`libwebsockets: the system's, since ${reason}`);
}

async function addon() {
  if (addonIsCurrent()) return;
  begin('addon: node-gyp');
  const outcome = await buildAddon({ onOutput: note });
  succeed(outcome, 'the compiler names the file and line under native/');
}

/** The library, then the command line, which uses the types of the former. */
async function typescript() {
  const library = [...filesUnder('src'), 'tsconfig.json', 'package.json', 'package-lock.json'];
  const tools = [...filesUnder('tools/src'), 'tools/tsconfig.json', 'tools/package.json'];
  await compile('.', library);
  await compile('tools', [...library, ...tools]);
}

/**
 * @param {string} folder of a package
 * @param {string[]} sources whatever its code depends on
 */
async function compile(folder, sources) {
  const dist = `${folder}/dist`;
  const stamp = `build/${folder === '.' ? 'dist' : folder}.stamp`;
  const current = fingerprint(sources);
  if (isCurrent(dist, stamp, current)) return;

  begin(`TypeScript: tsc --project ${folder}`);
  // What a source that is gone left behind would still be found by imports.
  rmSync(fromRoot(dist), { recursive: true, force: true });
  const args = ['node_modules/typescript/bin/tsc', '--project', folder];
  succeed(await logged(process.execPath, args), `correct these types under ${folder}/src/`);
  writeStamp(stamp, current);
}

/** The Node.js of the kind "node 26". Without it that kind fails, and the others can still be run. */
async function newestNodeBinary() {
  if (nodeIsThere(newestNode) || nodesUnavailable()) return;
  begin(`Node.js ${newestNode.version}, to test with: npm pack`);
  const reason = await fetchNode(newestNode, { onOutput: note });
  if (reason) begin(`Node.js ${newestNode.version}: none, since ${reason}`);
}

let quiet = false;
let stepUnderWay = '';

/** @param {string} step */
function begin(step) {
  // The log is of one run, and only of a run that did something.
  if (stepUnderWay === '') {
    mkdirSync(fromRoot('build'), { recursive: true });
    writeFileSync(fromRoot(log), '');
  }
  stepUnderWay = step;
  note(`\n== ${step}\n`);
  if (!quiet) console.error(`set-up: ${step}`);
}

/** @param {string} text */
function note(text) {
  appendFileSync(fromRoot(log), text);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function logged(program, args, env = process.env) {
  return run(program, args, { env, onOutput: note });
}

/**
 * @param {Pick<Outcome, 'status' | 'output'>} outcome
 * @param {string} whatToDo
 */
function succeed({ status, output }, whatToDo) {
  if (status === 0) return;
  const end = output.trimEnd().split('\n').slice(-30).join('\n');
  throw new SetupError(
    `${stepUnderWay} failed with status ${status} (all of it: ${log})\n\n${end}\n\n${whatToDo}`,
  );
}

async function main() {
  const { values } = util.parseArgs({
    options: {
      for: { type: 'string', default: 'test' },
      quiet: { type: 'boolean', default: false },
    },
  });
  const purposes = /** @type {const} */ (['build', 'test', 'bench', 'prebuild', 'package']);
  const purpose = purposes.find((name) => name === values.for);
  if (!purpose) {
    throw new SetupError(`--for takes one of ${purposes.join(', ')}, not "${values.for}"`);
  }
  quiet = values.quiet ?? false;

  await systemPackages(purpose);
  await npmPackages();
  await libwebsockets();
  await addon();
  await typescript();
  if (purpose === 'test') await newestNodeBinary();

  const seconds = performance.now() / 1000;
  const result = stepUnderWay ? 'ready' : 'up to date';
  if (!quiet) console.error(`set-up: ${result} (${seconds.toFixed(1)} s)`);
}

main().catch((error) => {
  const inWords = error instanceof SetupError || `${error.code}`.startsWith('ERR_PARSE_ARGS');
  console.error(`set-up: ${inWords ? error.message : error.stack}`);
  process.exitCode = 1;
});
