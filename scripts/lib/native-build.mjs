// Compiling the native sources as plain programs: what is up to date is left alone.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { answer, run } from './commands.mjs';
import { fromRoot } from './files.mjs';

/**
 * @typedef {object} Kind sources that are compiled alike
 * @property {string} folder where they are
 * @property {string[]} flags
 * @property {string} [precompiled] a header that is read once for all of them
 */

/**
 * @typedef {object} Variant
 * @property {string[]} flags for compiling and linking
 * @property {Kind[]} [kinds]
 * @property {Record<string, string>} [env] options of the sanitizers
 */

const [compiler = 'g++', ...compilerFlags] = (process.env.CXX || 'g++').split(/\s+/);
const commonFlags = [
  ...['-std=gnu++20', '-Wall', '-Wextra', '-fno-omit-frame-pointer', '-pthread', '-Inative'],
  '-DDOCTEST_CONFIG_SUPER_FAST_ASSERTS', // half the time to compile
  ...words(answer(process.env.PKG_CONFIG || 'pkg-config', ['--cflags', 'openssl'])),
];
const libraries = words(
  answer(process.env.PKG_CONFIG || 'pkg-config', ['--libs', 'openssl', 'liburing', 'zlib']) ||
    '-lssl -lcrypto -luring -lz',
);

/** @param {string} [text] */
function words(text = '') {
  return text.split(/\s+/).filter(Boolean);
}

/**
 * @param {string} file
 * @returns {number} when it was last changed; 0 if it is absent
 */
function changed(file) {
  return statSync(fromRoot(file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @param {string} output */
function dependenciesOf(output) {
  return output.replace(/\.(o|gch)$/, '.d');
}

/**
 * Whether what the compiler has made is newer than its source and every header that this includes.
 *
 * @param {string} output
 */
function isFresh(output) {
  const made = changed(output);
  const dependencies = dependenciesOf(output);
  if (made === 0 || !existsSync(fromRoot(dependencies))) return false;
  // "object: source header \ header": a make rule, as the compiler wrote it.
  const rule = readFileSync(fromRoot(dependencies), 'utf8').replaceAll('\\\n', ' ');
  const files = words(rule.slice(rule.indexOf(':') + 1));
  return files.every((file) => {
    const time = file.startsWith('/')
      ? (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      : changed(file);
    return time > 0 && time < made;
  });
}

/**
 * Runs tasks, as many at once as there are processors; after a failure no further ones begin.
 *
 * @param {(() => Promise<boolean>)[]} tasks
 */
export async function inParallel(tasks) {
  const waiting = [...tasks];
  let succeeded = true;
  const lane = async () => {
    for (let task = waiting.shift(); task && succeeded; task = waiting.shift()) {
      if (!(await task())) succeeded = false;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return succeeded;
}

/**
 * @param {string} what for people
 * @param {string[]} args
 */
async function compile(what, args) {
  // A compiler that is ccache does not look at a precompiled header unless told that it may.
  const env = { CCACHE_SLOPPINESS: 'pch_defines,time_macros', ...process.env };
  const { status, output } = await run(compiler, [...compilerFlags, ...args], { env });
  if (output.trim()) console.log(`${what}\n${output.trimEnd()}`);
  return status === 0;
}

/**
 * Compiles a source, and writes down which headers it has read.
 *
 * @param {string} what for people
 * @param {string} output
 * @param {string[]} args
 */
async function make(what, output, args) {
  mkdirSync(dirname(fromRoot(output)), { recursive: true });
  rmSync(fromRoot(output), { force: true }); // an interrupted compiler leaves no half of one
  const began = new Date();
  const compiled = await compile(what, [...args, '-MF', dependenciesOf(output), '-o', output]);
  // What is edited while the compiler runs counts as newer than what it makes.
  if (compiled) utimesSync(fromRoot(output), began, began);
  return compiled;
}

/**
 * The programs to link for one variant, and what has to be compiled before: headers, then sources.
 *
 * @param {string} name
 * @param {Variant} variant
 * @param {Record<string, string[]>} programs sources by the name of the program
 */
export function plan(name, { flags, kinds = [] }, programs) {
  const folder = `build/native-tests/${name}`;
  // Everything is made anew when the compiler or its flags are others.
  const stamp = fromRoot(`${folder}/flags`);
  const version = answer(compiler, [...compilerFlags, '--version']);
  const settings = [compiler, compilerFlags, version, commonFlags, flags, kinds, libraries];
  const current = JSON.stringify(settings);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== current) {
    rmSync(fromRoot(folder), { recursive: true, force: true });
    mkdirSync(fromRoot(folder), { recursive: true });
    writeFileSync(stamp, current);
  }
  /** @param {string} source */
  const objectOf = (source) => `${folder}/${source.replace(/\.cc$/, '.o')}`;
  /** @param {string} source */
  const kindOf = (source) => kinds.find((kind) => source.startsWith(`${kind.folder}/`));
  /** @param {string} header */
  const precompiledOf = (header) => `${folder}/${header}.gch`;

  const headers = kinds.flatMap(({ precompiled, flags: own }) =>
    precompiled === undefined || isFresh(precompiledOf(precompiled))
      ? []
      : [{ header: precompiled, own }],
  );
  // With the headers of the system (-MD): whatever includes one of another version is made anew.
  const precompiling = headers.map(({ header, own }) => () => {
    const args = [...commonFlags, ...flags, ...own, '-MD', '-x', 'c++-header', header];
    return make(`${header} (${name})`, precompiledOf(header), args);
  });

  /** @param {string} source */
  const isStale = (source) => {
    const header = kindOf(source)?.precompiled;
    if (!isFresh(objectOf(source))) return true;
    if (header === undefined) return false;
    return (
      headers.some((stale) => stale.header === header) ||
      changed(precompiledOf(header)) > changed(objectOf(source))
    );
  };
  const stale = [...new Set(Object.values(programs).flat())].filter(isStale);
  const compiling = stale.map((source) => () => {
    const kind = kindOf(source);
    const args = [...commonFlags, ...flags, ...(kind?.flags ?? [])];
    // The header itself is not there: what was precompiled is used, or compiling fails.
    if (kind?.precompiled) args.push('-include', `${folder}/${kind.precompiled}`);
    return make(`${source} (${name})`, objectOf(source), [...args, '-MMD', '-c', source]);
  });

  const linking = Object.entries(programs).map(([program, from]) => async () => {
    const path = `${folder}/${program}`;
    const objects = from.map(objectOf);
    const list = `${objects.join('\n')}\n`;
    const listFile = `${path}.objects`;
    const same =
      existsSync(fromRoot(listFile)) && readFileSync(fromRoot(listFile), 'utf8') === list;
    if (same && objects.every((object) => changed(object) < changed(path))) return true;
    writeFileSync(fromRoot(listFile), list);
    const args = ['-pthread', ...flags, `@${listFile}`, '-o', path, ...libraries];
    return compile(`${program} (${name})`, args);
  });
  return { folder, precompiling, compiling, linking };
}
