import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newestNode, testedNodes } from '../../scripts/lib/nodes.mjs';
import { Project } from './project.js';

const tarball = inject('tarball');
const echo = { status: 0, output: 'echo\n' };

/** What somebody types, and what the project must have before. */
interface Manager {
  readonly install: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** It needs a newer Node.js than the oldest that lws-pool runs with. */
  readonly newest?: boolean;
  /** Before the name of the program. */
  readonly node?: readonly string[];
  readonly programs?: readonly string[];
}

const yarn = ['npx', '--yes', '@yarnpkg/cli-dist@4'];
const yarnFiles = (linker: string) => ({
  'yarn.lock': '',
  '.yarnrc.yml': `nodeLinker: ${linker}\nenableTelemetry: false\nenableGlobalCache: false\n`,
});

const managers: Record<string, Manager> = {
  'npm 11': { install: ['npx', '--yes', 'npm@11', 'install', '--no-audit', tarball] },
  'npm 12': { install: ['npx', '--yes', 'npm@12', 'install', '--no-audit', tarball], newest: true },
  'npm without scripts': { install: ['npm', 'install', '--no-audit', '--ignore-scripts', tarball] },
  'pnpm 10': { install: ['npx', '--yes', 'pnpm@10', 'add', tarball] },
  'pnpm 12': { install: ['npx', '--yes', 'pnpm@12', 'add', tarball], newest: true },
  'Yarn 1': { install: ['npx', '--yes', 'yarn@1', 'add', '--no-progress', tarball] },
  'Yarn 4, node-modules': {
    install: [...yarn, 'add', `lws-pool@file:${tarball}`],
    files: yarnFiles('node-modules'),
  },
  'Yarn 4, PnP': {
    install: [...yarn, 'add', `lws-pool@file:${tarball}`],
    files: yarnFiles('pnp'),
    node: [...yarn, 'node'],
    // What an ES module imports that was `require`d, Yarn does not resolve: `import()` it instead.
    programs: ['main.mjs', 'importing.cjs'],
  },
};

describe.each(Object.entries(managers))('%s', (_, manager) => {
  const { install, files = {}, newest = false, node = ['node'] } = manager;
  const { programs = ['main.mjs', 'main.cjs'] } = manager;

  test('installs what runs', async () => {
    using project = new Project(files);
    if (newest) await project.use(newestNode);
    const installed = await project.run(...install);
    expect(installed).toMatchObject({ status: 0 });
    expect(installed.output).not.toMatch(/node-gyp|rebuild/);
    for (const program of programs) {
      expect(await project.run(...node, program)).toEqual(echo);
    }
  });
});

test.runIf(process.getuid?.() === 0)('somebody else than root installs and runs it', async () => {
  using project = new Project();
  const nobody = 65534;
  const giving = `cp ${tarball} lws-pool.tgz && chown -R ${nobody}:${nobody} .`;
  expect(await project.run('sh', '-c', giving)).toMatchObject({ status: 0 });
  const as = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', 'env'];
  const env = [`HOME=${project.folder}`, `npm_config_cache=${project.folder}/.npm`];
  const install = ['npm', 'install', '--no-audit', './lws-pool.tgz'];
  expect(await project.run(...as, ...env, ...install)).toMatchObject({ status: 0 });
  expect(await project.run(...as, ...env, 'node', 'main.mjs')).toEqual(echo);
});

test('the command line is a package that uses it', async () => {
  using project = new Project();
  const installed = await project.run('npm', 'install', '--no-audit', tarball, inject('tools'));
  expect(installed).toMatchObject({ status: 0 });
  const { status, output } = await project.run('npx', 'lws-pool', 'demo', '--help');
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toContain('Usage: lws-pool demo');
});

describe('one installation', () => {
  let project: Project;

  beforeAll(async () => {
    project = new Project();
    const { status, output } = await project.run('npm', 'install', '--no-audit', tarball);
    if (status !== 0) throw new Error(output);
  });
  afterAll(() => {
    project[Symbol.dispose]();
  });

  test.each(testedNodes)('runs under Node.js $version', async (node) => {
    await project.use(node);
    expect(await project.run('node', 'main.mjs')).toEqual(echo);
    expect(await project.run('node', 'main.cjs')).toEqual(echo);
  });

  test('runs in a worker thread', async () => {
    project.write({
      'thread.mjs': `
        import { Worker } from 'node:worker_threads';
        new Worker(new URL('./main.mjs', import.meta.url));`,
    });
    expect(await project.run('node', 'thread.mjs')).toEqual(echo);
  });
});
