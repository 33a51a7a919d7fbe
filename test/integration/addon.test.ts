import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { versions } from 'lws-pool';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const system = `${process.platform}-${process.arch}`;

/** What a program says of the error that it ends with: its code and its message. */
async function failureOf(program: string, ...nodeArgs: string[]): Promise<string> {
  const args = [...nodeArgs, '--input-type=module', '--eval', tellingFailure(program)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return stdout.trim();
}

function tellingFailure(program: string): string {
  return `try { ${program} } catch (error) { console.log(error.code + ' ' + error.message); }`;
}

describe('a package', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lws-pool addon-'));
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    mkdirSync(join(folder, 'scripts'));
    writeFileSync(join(folder, 'scripts/addon.mjs'), '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const importing = () =>
    failureOf(`await import(${JSON.stringify(join(folder, 'dist/index.js'))})`);
  const command = () => `Build it here from source: node '${join(folder, 'scripts/addon.mjs')}'`;

  test('without a binary for this system says how to build one', async () => {
    expect(await importing()).toBe(
      `ERR_ADDON The native addon of lws-pool cannot be used: the package has no binary for ${system}. ${command()}`,
    );
  });

  test('on a system with musl has none, whatever is there', async () => {
    mkdirSync(join(folder, 'prebuilds'), { recursive: true });
    symlinkSync(join(root, 'build/Release'), join(folder, 'prebuilds', system));
    expect(await importing()).toBe('');
    const node = join(folder, 'node-for-musl');
    writeFileSync(node, '\x7fELF, and in its PT_INTERP /lib/ld-musl-x86_64.so.1');
    const told = await failureOf(
      `process.execPath = ${JSON.stringify(node)}; await import(${JSON.stringify(join(folder, 'dist/index.js'))})`,
    );
    expect(told).toContain(`no binary for ${system}-musl. ${command()}`);
  });

  test('with a binary of another system says what the loader says', async () => {
    mkdirSync(join(folder, 'prebuilds', system), { recursive: true });
    writeFileSync(join(folder, 'prebuilds', system, 'lws_pool.node'), 'not a library');
    expect(await importing()).toMatch(/^ERR_ADDON .*lws_pool\.node.*\. Install lws-pool again\.$/);
  });

  // Mapped into memory, each of these would end the process.
  test('with a binary that is cut off says so', async () => {
    const whole = readFileSync(join(root, 'build/Release/lws_pool.node'));
    mkdirSync(join(folder, 'prebuilds', system), { recursive: true });
    const file = join(folder, 'prebuilds', system, 'lws_pool.node');
    for (const size of [100, 4096, whole.length >> 1, whole.length - 5000, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, size));
      expect(await importing()).toBe(
        `ERR_ADDON The native addon of lws-pool cannot be used: ${file} is cut off. Install lws-pool again.`,
      );
    }
  });

  test('with a binary that was built from another version says so', async () => {
    cpSync(join(root, 'build/Release'), join(folder, 'build/Release'), { recursive: true });
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    writeFileSync(
      join(folder, 'package.json'),
      manifest.replace(/"version": "[^"]+"/, '"version": "99.9.9"'),
    );
    const told = await importing();
    expect(told).toContain(`was built for version ${versions.lwsPool}, and this is 99.9.9. `);
    expect(told).toContain(`${command()}, or delete ${join(folder, 'build')}`);
  });

  test('with such a binary, in a runtime with another OpenSSL, says that first', async () => {
    mkdirSync(join(folder, 'prebuilds', system), { recursive: true });
    writeFileSync(join(folder, 'prebuilds', system, 'lws_pool.node'), 'not a library');
    const told = await failureOf(`
      const versions = { ...process.versions, openssl: '1.1.0' };
      Object.defineProperty(process, 'versions', { value: versions });
      await import(${JSON.stringify(join(folder, 'dist/index.js'))});
    `);
    expect(told).toMatch(/^ERR_ADDON .*this process has OpenSSL 1\.1\.0.*Run it with Node\.js/);
  });

  test('that is not whole, or that a bundler has taken apart, says what to do', async () => {
    rmSync(join(folder, 'scripts'), { recursive: true });
    expect(await importing()).toContain('mark lws-pool as external (esbuild: --external:lws-pool)');
  });

  test('takes what was built from source first', async () => {
    mkdirSync(join(folder, 'prebuilds', system), { recursive: true });
    writeFileSync(join(folder, 'prebuilds', system, 'lws_pool.node'), 'not a library');
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    const file = 'build/Release/lws_pool.node';
    symlinkSync(join(root, file), join(folder, file));
    expect(await importing()).toBe('');
  });
});

describe('a process', () => {
  test('that may load no addon is told how it may', async () => {
    const told = await failureOf(`await import('lws-pool')`, '--no-addons');
    expect(told).toMatch(/^ERR_ADDON .*Run node with --allow-addons under --permission/);
  });

  const inProcess = (versions: string, call: string) =>
    failureOf(`
      const { createPool } = await import('lws-pool');
      const { createTarget } = await import('lws-pool/target');
      const versions = { ...process.versions, ...${versions} };
      Object.defineProperty(process, 'versions', { value: versions });
      await ${call}();
    `);

  test.each([
    ["{ openssl: '4.0.1' }", 'OpenSSL 4.0.1, and the addon needs OpenSSL 3'],
    ["{ openssl: '1.1.1w' }", 'OpenSSL 1.1.1w, and the addon needs OpenSSL 3'],
    ['{ openssl: undefined }', 'OpenSSL none, and the addon needs OpenSSL 3'],
    ["{ uv: '2.0.0' }", 'libuv 2.0.0, and the addon needs 1.46 or a newer 1.x'],
    ["{ uv: '1.45.0' }", 'libuv 1.45.0, and the addon needs 1.46 or a newer 1.x'],
    ["{ napi: '8' }", 'Node-API 8, and the addon needs 9'],
  ])('that has %s is refused', async (given, reason) => {
    for (const call of ['createPool', 'createTarget']) {
      const told = await inProcess(given, call);
      expect(told).toMatch(/^ERR_ADDON /);
      expect(told).toContain(`this process has ${reason}. Run it with Node.js`);
    }
  });
});

test('versions say what works together', () => {
  const { openssl, uv: libuv, node, napi: nodeApi } = process.versions;
  expect(versions).toEqual({
    lwsPool: expect.stringMatching(/^\d+\.\d+\.\d+/),
    libwebsockets: expect.stringMatching(/^[45]\.\d+\.\d+$/),
    liburing: expect.stringMatching(/^\d+\.\d+$/),
    openssl,
    libuv,
    node,
    nodeApi,
  });
});
