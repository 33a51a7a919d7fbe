// Checks that docs/api is what typedoc makes of the docstrings, and that every public member has one.
// `npm run lint` runs it; `npm run docs:api` generates docs/api.
//
//   node scripts/api-docs.mjs --check
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromRoot, root } from './lib/files.mjs';

if (process.argv[2] !== '--check') {
  console.error('usage: node scripts/api-docs.mjs --check');
  process.exit(2);
}

const committed = fromRoot('docs/api');
const folder = mkdtempSync(join(tmpdir(), 'lws-pool-api-'));
try {
  process.exitCode = check(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} generated where to generate */
function check(generated) {
  const typedoc = fromRoot('node_modules/typedoc/bin/typedoc');
  const args = [typedoc, '--out', generated, '--logLevel', 'Warn'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error('Write the docstrings that are missing, then: npm run docs:api');
    return 1;
  }
  const names = [...new Set([...filesIn(generated), ...filesIn(committed)])].sort();
  const stale = names.filter((name) => contentOf(generated, name) !== contentOf(committed, name));
  if (stale.length === 0) return 0;
  for (const name of stale) console.error(`docs/api/${name} differs from the docstrings`);
  console.error('Generate it anew: npm run docs:api');
  return 1;
}

/** @param {string} folder */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { encoding: 'utf8', recursive: true });
  return names.filter((name) => statSync(join(folder, name)).isFile());
}

/**
 * @param {string} folder
 * @param {string} name
 */
function contentOf(folder, name) {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
