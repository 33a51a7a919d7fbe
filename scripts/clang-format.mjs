// clang-format over all native sources, in the version that package.json pins.
//
//   node scripts/clang-format.mjs --check    names what is not formatted
//   node scripts/clang-format.mjs --write    formats it
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { filesUnder, root } from './lib/files.mjs';

const modes = new Map([
  ['--check', ['--dry-run', '--Werror']],
  ['--write', ['-i']],
]);

const mode = modes.get(process.argv[2] ?? '');
if (!mode) {
  console.error('usage: node scripts/clang-format.mjs --check | --write');
  process.exit(2);
}

const folders = ['native', 'test/native', 'bench/peers', 'bench/servers', 'bench/test'];
const sources = folders.flatMap((folder) => filesUnder(folder, ['.c', '.cc', '.h']));
if (sources.length > 0) {
  const clangFormat = createRequire(import.meta.url).resolve(
    '@wasm-fmt/clang-format/clang-format-cli.cjs',
  );
  const args = [clangFormat, '--style=file', ...mode, ...sources];
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
