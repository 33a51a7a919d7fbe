import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './processes.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const cache = join(root, 'bench', 'build', 'commits');

const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

/**
 * @param {string} name  anything git understands
 * @returns {{ commit: string, title: string }}
 */
export function findCommit(name) {
  const { status, stdout, error } = git('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
  if (error) throw new RangeError(`git cannot be run: ${error.message}`);
  if (status !== 0) throw new RangeError(`BASE: git knows no commit '${name}' here`);
  const commit = stdout.trim();
  return { commit, title: git('log', '-1', '--format=%h %s', commit).stdout.trim() };
}

/** What the working tree holds, in words. */
export function describeWorkingTree() {
  const head = git('log', '-1', '--format=%h %s').stdout.trim();
  const isClean = git('status', '--porcelain', '--untracked-files=no').stdout === '';
  return isClean ? head : `${head}, and changes that are not committed`;
}

/**
 * The folder `dist` of a commit. It is built once: by its own set-up, with its own
 * packages, from its files alone, so that nothing of the working tree gets into it. A folder has
 * its final name only when it is complete; one that is not is removed however this process ends.
 *
 * @param {string} commit
 */
export async function buildCommit(commit) {
  const folder = join(cache, commit);
  if (existsSync(folder)) return join(folder, 'dist');
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, 'unfinished-'));
  const remove = () => rmSync(unfinished, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    console.error(`building ${commit.slice(0, 10)} ...`);
    const archive = join(unfinished, 'source.tar');
    await runToEnd(['git', 'archive', '--output', archive, commit], { cwd: root });
    await runToEnd(['tar', '-xf', archive, '-C', unfinished], { cwd: unfinished });
    rmSync(archive);
    await runToEnd(['node', 'scripts/setup.mjs', '--for', 'build'], { cwd: unfinished });
    const prune = ['npm', 'prune', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    await runToEnd(prune, { cwd: unfinished });
    renameSync(unfinished, folder);
    return join(folder, 'dist');
  } finally {
    remove();
    process.off('exit', remove);
  }
}
