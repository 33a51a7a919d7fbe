import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Project } from './project.js';

/** What a project that is checked with everything says, and what its programs are. */
const PROGRAM = `
  import { createPool, type Connection, type PoolOptions, LwsPoolError, Lease } from 'lws-pool';
  import { createTarget, type Target } from 'lws-pool/target';

  const options: PoolOptions = { threads: 1 };
  export async function main(): Promise<string> {
    const target: Target = await createTarget();
    const pool = await createPool(options);
    const connection: Connection = await pool.connect(target.urls[0] ?? '');
    try {
      const lease: Lease = await connection.lease('shared');
      lease.release();
    } catch (error) {
      if (error instanceof LwsPoolError) return error.code;
    }
    // @ts-expect-error: there is no such option
    await createPool({ treads: 1 });
    return connection.url;
  }
`;

let project: Project;

beforeAll(async () => {
  project = new Project();
  const packages = ['typescript@6', '@types/node@20'];
  const install = ['install', '--no-audit', inject('tarball'), ...packages];
  const { status, output } = await project.run('npm', ...install);
  if (status !== 0) throw new Error(output);
  project.write({ 'program.mts': PROGRAM, 'program.cts': PROGRAM, 'program.ts': PROGRAM });
});
afterAll(() => {
  project[Symbol.dispose]();
});

/** What TypeScript has to say of these files; '' where they are right. */
async function check(
  files: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<string> {
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'ES2022',
      lib: ['ES2023', 'ESNext.Disposable'],
      types: ['node'],
      ...options,
    },
    files,
  };
  project.write({ 'tsconfig.json': JSON.stringify(config) });
  const { output } = await project.run('node', 'node_modules/typescript/bin/tsc');
  return output;
}

test.each(['node16', 'node18', 'node20', 'nodenext'])(
  'module %s knows the types',
  async (module) => {
    expect(await check(['program.mts', 'program.cts'], { module })).toBe('');
  },
);

test('moduleResolution bundler knows the types', async () => {
  const options = { module: 'esnext', moduleResolution: 'bundler' };
  expect(await check(['program.ts'], options)).toBe('');
});

test('the legacy moduleResolution knows the types', async () => {
  const options = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' };
  expect(await check(['program.ts'], options)).toBe('');
});

test('CommonJS has all that ES modules have', async () => {
  project.write({
    'values.cts': `
      import commonjs = require('lws-pool');
      import target = require('lws-pool/target');
      type Library = typeof import('lws-pool', { with: { 'resolution-mode': 'import' } });
      type Target = typeof import('lws-pool/target', { with: { 'resolution-mode': 'import' } });
      export const library: Library = commonjs;
      export const targets: Target = target;
    `,
  });
  expect(await check(['values.cts'], { module: 'node16' })).toBe('');
});

test('the programs that the types are tried on run', async () => {
  for (const name of ['main.mjs', 'main.cjs']) {
    expect(await project.run('node', name)).toEqual({ status: 0, output: 'echo\n' });
  }
});
