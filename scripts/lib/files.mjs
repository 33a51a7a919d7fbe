// The project's files: where they are, what is in a folder, and whether it changed.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param {string} path relative to the project's root */
export function fromRoot(path) {
  return join(root, path);
}

/**
 * Whether a module is the program that runs, rather than imported by it.
 *
 * @param {string} url the module's `import.meta.url`
 */
export function isMain(url) {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(url));
}

/**
 * Every file under a folder, as sorted paths from the project's root with `/` between the parts:
 * the same list on every machine. An absent folder has no files.
 *
 * @param {string} folder
 * @param {string[]} [extensions] with their dots; all files if left out
 * @returns {string[]}
 */
export function filesUnder(folder, extensions) {
  if (!existsSync(fromRoot(folder))) return [];
  const files = [];
  for (const entry of readdirSync(fromRoot(folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...filesUnder(path, extensions));
    else if (!extensions || extensions.includes(extname(entry.name))) files.push(path);
  }
  return files.sort();
}

/**
 * The version in a package.json.
 *
 * @param {string} path
 * @returns {string}
 */
export function versionIn(path) {
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

/**
 * One hash over the names and contents of files and over whatever else a result depends on.
 *
 * @param {string[]} files paths from the project's root
 * @param {unknown} [rest]
 */
export function fingerprint(files, rest) {
  const hash = createHash('sha256').update(JSON.stringify(rest ?? null));
  for (const file of files) {
    const content = readFileSync(fromRoot(file));
    hash.update(`\n${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Whether `product` was made from exactly this: it exists, and its stamp has this fingerprint.
 *
 * @param {string} product
 * @param {string} stamp
 * @param {string} current
 */
export function isCurrent(product, stamp, current) {
  return (
    existsSync(fromRoot(product)) &&
    existsSync(fromRoot(stamp)) &&
    readFileSync(fromRoot(stamp), 'utf8') === current
  );
}

/**
 * @param {string} stamp
 * @param {string} current
 */
export function writeStamp(stamp, current) {
  mkdirSync(dirname(fromRoot(stamp)), { recursive: true });
  writeFileSync(fromRoot(stamp), current);
}
