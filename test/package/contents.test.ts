import { execFileSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';

const files = inject('files');

test('there is a binary for each architecture', () => {
  expect(files).toContain('prebuilds/linux-x64/lws_pool.node');
  expect(files).toContain('prebuilds/linux-arm64/lws_pool.node');
});

test('nothing is compiled by itself', () => {
  expect(files).not.toContain('binding.gyp');
  const manifest = execFileSync('tar', ['xzOf', inject('tarball'), 'package/package.json']);
  const { scripts, gypfile } = JSON.parse(String(manifest)) as {
    scripts: Record<string, string>;
    gypfile?: boolean;
  };
  expect(gypfile).not.toBe(true);
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
    expect(scripts).not.toHaveProperty(name);
  }
});

test('the licences of what is linked in are there', () => {
  expect(files).toContain('THIRD-PARTY.md');
  expect(files).toContain('LICENSE');
});

test('there are no source maps, charts, tests or sources of what is compiled', () => {
  expect(files.filter((file) => /\.(map|svg|png|tgz)$/.test(file))).toEqual([]);
  expect(files.filter((file) => /^(src|test|bench|tools|build)\//.test(file))).toEqual([]);
});

test('the sources of the addon are there, with what builds them', () => {
  expect(files).toContain('native/addon.cc');
  expect(files).toContain('scripts/addon.mjs');
});
