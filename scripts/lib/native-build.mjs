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
 * @typedef {object} Variant
 * @property {string[]} flags for compiling and linking
 * @property {Record<string, string>} [env] options of the sanitizers
 */

const [compiler = 'g++', ...compilerFlags] = (process.env.CXX || 'g++').split(/\s+/);
const commonFlags = [
  ...['-std=gnu++20', '-Wall', '-Wextra', '-fno-omit-frame-pointer', '-pthread', '-Inative'],
  '-DDOCTEST_CONFIG_SUPER_FAST_ASSERTS', // half the time to compile
  ...words(answer(process.env.PKG_CONFIG || 'pkg-config', ['--cflags', 'openssl'])),
];
const libraries = words(
  answer(process.env.PKG_CONFIG || 'pkg-config', ['--libs', 'openssl', 'liburing']) ||
    '-lssl -lcrypto -luring',
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

/**
 * Whether an object file is newer than its source and every header that this includes.
 *
 * @param {string} object
 */
function isFresh(object) {
  const made = changed(object);
  const dependencies = object.replace(/\.o$/, '.d');
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
  const { status, output } = await run(compiler, [...compilerFlags, ...args]);
  if (output.trim()) console.log(`${what}\n${output.trimEnd()}`);
  return status === 0;
}

/**
 * The programs to link for one variant, and what has to be compiled before.
 *
 * @param {string} name
 * @param {Variant} variant
 * @param {Record<string, string[]>} programs sources by the name of the program
 */
export function plan(name, { flags }, programs) {
  const folder = `build/native-tests/${name}`;
  // Everything is made anew when the compiler or its flags are others.
  const stamp = fromRoot(`${folder}/flags`);
  const current = JSON.stringify([compiler, compilerFlags, commonFlags, flags, libraries]);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== current) {
    rmSync(fromRoot(folder), { recursive: true, force: true });
    mkdirSync(fromRoot(folder), { recursive: true });
    writeFileSync(stamp, current);
  }
  /** @param {string} source */
  const objectOf = (source) => `${folder}/${source.replace(/\.cc$/, '.o')}`;

  const stale = [...new Set(Object.values(programs).flat())].filter((s) => !isFresh(objectOf(s)));
  const compiling = stale.map((source) => async () => {
    const object = objectOf(source);
    mkdirSync(dirname(fromRoot(object)), { recursive: true });
    rmSync(fromRoot(object), { force: true }); // an interrupted compiler leaves no half of one
    const args = [...commonFlags, ...flags, '-MMD', '-c', source, '-o', object];
    const began = new Date();
    const compiled = await compile(`${source} (${name})`, args);
    // What is edited while the compiler runs counts as newer than the object.
    if (compiled) utimesSync(fromRoot(object), began, began);
    return compiled;
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
  return { folder, compiling, linking };
}
