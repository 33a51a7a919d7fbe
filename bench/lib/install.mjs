import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const benchDirectory = fileURLToPath(new URL('..', import.meta.url));

/** When the file was last written, 0 if there is none. */
function writtenAt(path) {
  return statSync(benchDirectory + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Installs the peers if they are missing or older than the lock file. No install
 * script runs: every peer's package already holds what it needs. What npm says
 * goes to stderr, because stdout belongs to the report.
 */
export function installDependencies() {
  if (writtenAt('node_modules/.package-lock.json') >= writtenAt('package-lock.json')) return;
  console.error('installing the peers (npm ci in bench/) ...');
  const { status, error } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    {
      cwd: benchDirectory,
      stdio: ['ignore', process.stderr, process.stderr],
      shell: process.platform === 'win32',
    },
  );
  if (status !== 0) {
    throw new Error(`npm ci failed in ${benchDirectory}`, { cause: error });
  }
}
