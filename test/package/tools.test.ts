import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Project } from './project.js';

/** One test, the same for each runner. */
const TEST = `
  import { createPool } from 'lws-pool';
  import { createTarget } from 'lws-pool/target';

  test('echo', async () => {
    const target = await createTarget();
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(target.urls[0]);
    const answer = new Promise((resolve) => connection.once('message', resolve));
    connection.send('echo');
    expect(String(await answer)).toBe('echo');
    await pool.close();
    await target.close();
  });
`;

let project: Project;

beforeAll(async () => {
  project = new Project();
  const packages = ['esbuild@0.28', 'vitest@4', 'jest@30'];
  const install = ['install', '--no-audit', inject('tarball'), ...packages];
  const { status, output } = await project.run('npm', ...install);
  if (status !== 0) throw new Error(output);
});
afterAll(() => {
  project[Symbol.dispose]();
});

describe('esbuild', () => {
  const bundle = ['esbuild', 'main.mjs', '--bundle', '--platform=node', '--log-level=warning'];

  test.each(['esm', 'cjs'])(
    'bundles a program as %s, with lws-pool as external',
    async (format) => {
      const out = `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`;
      const options = [`--format=${format}`, '--external:lws-pool', `--outfile=${out}`];
      // Top-level await is for ES modules alone.
      project.write({
        'main.mjs': `
        import { createPool } from 'lws-pool';
        import { createTarget } from 'lws-pool/target';
        createTarget().then(async (target) => {
          const pool = await createPool({ threads: 1 });
          const connection = await pool.connect(target.urls[0]);
          connection.once('message', (data) => {
            console.log(String(data));
            pool.close();
            target.close();
          });
          connection.send('echo');
        });
      `,
      });
      expect(await project.run('npx', ...bundle, ...options)).toEqual({ status: 0, output: '' });
      expect(await project.run('node', out)).toEqual({ status: 0, output: 'echo\n' });
    },
  );

  test('that takes it in makes a program that says what to set', async () => {
    project.write({ 'all.mjs': `import { createPool } from 'lws-pool'; createPool();` });
    const [name, , ...options] = bundle;
    const args = [name ?? '', 'all.mjs', ...options, '--format=esm', '--outfile=all-in.mjs'];
    expect(await project.run('npx', ...args)).toMatchObject({ status: 0 });
    const { status, output } = await project.run('node', 'all-in.mjs');
    expect(status).toBe(1);
    expect(output).toContain('mark lws-pool as external (esbuild: --external:lws-pool)');
  });
});

test.each(['forks', 'threads', 'vmForks', 'vmThreads'])('vitest runs it in %s', async (pool) => {
  project.write({ 'echo.test.mjs': `import { expect, test } from 'vitest';${TEST}` });
  const args = ['vitest', 'run', `--pool=${pool}`, 'echo.test.mjs'];
  const { status, output } = await project.run('npx', ...args);
  expect(status, output).toBe(0);
});

test('jest runs it, and twice in one process', async () => {
  project.write({
    'jest.config.json': '{ "testMatch": ["**/*.spec.mjs"], "transform": {} }',
    'first.spec.mjs': TEST,
    'second.spec.mjs': TEST,
  });
  const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand'];
  const { status, output } = await project.run('node', ...args, '--config=jest.config.json');
  expect(status, output).toBe(0);
});
