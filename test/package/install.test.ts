import { chownSync } from 'node:fs';
import { describe, expect, inject, test } from 'vitest';
import { PROGRAMS, Project } from './project.js';

const tarball = inject('tarball');
const echo = { status: 0, output: 'echo\n' };

/** What somebody types, and what the project must have before. */
interface Manager {
  readonly install: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Before the name of the program. */
  readonly node?: readonly string[];
}

const yarn = ['npx', '--yes', '@yarnpkg/cli-dist@4'];
const yarnFiles = (linker: string) => ({
  'yarn.lock': '',
  '.yarnrc.yml': `nodeLinker: ${linker}\nenableTelemetry: false\nenableGlobalCache: false\n`,
});

const managers: Record<string, Manager> = {
  'npm 11': { install: ['npx', '--yes', 'npm@11', 'install', '--no-audit', tarball] },
  'npm 12': { install: ['npx', '--yes', 'npm@12', 'install', '--no-audit', tarball] },
  'npm without scripts': { install: ['npm', 'install', '--no-audit', '--ignore-scripts', tarball] },
  pnpm: { install: ['npx', '--yes', 'pnpm@10', 'add', tarball] },
  'Yarn 1': { install: ['npx', '--yes', 'yarn@1', 'add', '--no-progress', tarball] },
  'Yarn 4, node-modules': {
    install: [...yarn, 'add', `lws-pool@file:${tarball}`],
    files: yarnFiles('node-modules'),
  },
  'Yarn 4, PnP': {
    install: [...yarn, 'add', `lws-pool@file:${tarball}`],
    files: yarnFiles('pnp'),
    node: [...yarn, 'node'],
  },
};

/** Runs a command line. */
function run(project: Project, [program = '', ...args]: readonly string[]) {
  return project.run(program, args);
}

describe.each(Object.entries(managers))('%s', (_, { install, files = {}, node }) => {
  test('installs what runs', async () => {
    using project = new Project(files);
    const installed = await run(project, install);
    expect(installed).toMatchObject({ status: 0 });
    expect(installed.output).not.toMatch(/node-gyp|rebuild/);
    for (const program of Object.keys(PROGRAMS)) {
      const ended = await run(project, [...(node ?? [process.execPath]), program]);
      expect(ended).toEqual(echo);
    }
  });
});

test.runIf(process.getuid?.() === 0)('somebody else than root installs and runs it', async () => {
  const [uid, gid] = [65534, 65534]; // nobody
  using project = new Project();
  chownSync(project.folder, uid, gid);
  const as = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', 'env'];
  const env = [`HOME=${project.folder}`, `npm_config_cache=${project.folder}/.npm`];
  project.write({ 'lws-pool.tgz': '' });
  const copied = await project.run('sh', [
    '-c',
    `cp ${tarball} lws-pool.tgz && chmod 644 lws-pool.tgz`,
  ]);
  expect(copied.status).toBe(0);
  const install = [...as, ...env, 'npm', 'install', '--no-audit', './lws-pool.tgz'];
  expect(await run(project, install)).toMatchObject({ status: 0 });
  expect(await run(project, [...as, ...env, process.execPath, 'main.mjs'])).toEqual(echo);
});
