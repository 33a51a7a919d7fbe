// What a binary needs of the machine it will run on.
import { run } from './commands.mjs';

/** In every system with the C library that follows. */
const libraries = /^(libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|ld-linux-[\w-]+\.so\.[12])$/;
/** RHEL 9, Ubuntu 22.04, Debian 12 and all that is newer have it. */
const newestGlibc = '2.34';

/**
 * Why a binary would not run everywhere.
 *
 * @param {string} file
 * @param {string} triplet of its architecture, as its tools are named
 * @returns {Promise<string[]>}
 */
export async function portabilityProblems(file, triplet) {
  const objdump = `${triplet}-objdump`;
  const nm = ['-D', '--defined-only', '--format=just-symbols', process.execPath];
  const [headers, symbols, ofNode] = await Promise.all([
    run(objdump, ['-p', file]),
    run(objdump, ['-T', file]),
    run('nm', nm),
  ]);
  const failed = [headers, symbols, ofNode].find(({ status }) => status !== 0);
  if (failed) return [failed.output.trim()];
  return [
    ...libraryProblems(headers.stdout),
    ...glibcProblems(symbols.stdout),
    ...symbolProblems(symbols.stdout, ofNode.stdout),
  ];
}

/** @param {string} headers of `objdump -p` */
export function libraryProblems(headers) {
  return [...headers.matchAll(/^\s*NEEDED\s+(\S+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !libraries.test(name))
    .map((name) => `it needs ${name}`);
}

/** @param {string} symbols of `objdump -T` */
export function glibcProblems(symbols) {
  const needed = [...symbols.matchAll(/\*UND\*.*\(?GLIBC_([\d.]+)\)?\s+(\S+)/g)];
  return needed
    .filter(([, version = '']) => isNewer(version, newestGlibc))
    .map(([, version, name]) => `${name} is of glibc ${version}, and ${newestGlibc} is allowed`);
}

/**
 * Whatever is not of a library has to be in `node`.
 *
 * @param {string} symbols of `objdump -T`
 * @param {string} ofNode names, one a line
 */
export function symbolProblems(symbols, ofNode) {
  const offered = new Set(ofNode.split('\n').map((name) => name.replace(/@.*/, '')));
  return [...symbols.matchAll(/^\S+ (.{7})\s\*UND\*\s+\S+\s+(?:Base\s+)?(\S+)$/gm)]
    .filter(([, flags = '']) => !flags.includes('w')) // a weak one may be missing
    .map(([, , name = '']) => name)
    .filter((name) => !offered.has(name))
    .map((name) => `node has no ${name}`);
}

/**
 * @param {string} version
 * @param {string} limit
 */
function isNewer(version, limit) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [mostMajor = 0, mostMinor = 0] = limit.split('.').map(Number);
  return major > mostMajor || (major === mostMajor && minor > mostMinor);
}
