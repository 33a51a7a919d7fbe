import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fetchNode, nodePath, type TestedNode } from '../../scripts/lib/nodes.mjs';

/** How a program ended, and all that it printed. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

/** Opens a connection to a target of its own, and prints what comes back: "echo". */
const ECHO = `
  const target = await createTarget();
  const pool = await createPool({ threads: 1 });
  const connection = await pool.connect(target.urls[0]);
  const answer = new Promise((resolve) => connection.once('message', resolve));
  connection.send('echo');
  console.log(String(await answer));
  await pool.close();
  await target.close();
`;

/** The same program for each kind of module. */
const PROGRAMS = {
  'main.mjs': `
    import { createPool } from 'lws-pool';
    import { createTarget } from 'lws-pool/target';
    ${ECHO}`,
  'main.cjs': `
    const { createPool } = require('lws-pool');
    const { createTarget } = require('lws-pool/target');
    (async () => { ${ECHO} })();`,
  'importing.cjs': `
    (async () => {
      const { createPool } = await import('lws-pool');
      const { createTarget } = await import('lws-pool/target');
      ${ECHO}
    })();`,
};

/** A project of a user of the package, in a folder of its own. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'lws-pool-user-'));
  #path = `${dirname(process.execPath)}:${process.env.PATH}`;

  /** @param files by their paths, besides the programs and a package.json */
  constructor(files: Readonly<Record<string, string>> = {}) {
    chmodSync(this.folder, 0o777);
    this.write({ 'package.json': '{ "name": "user", "private": true }', ...PROGRAMS, ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  /** From now on `node` is that one. */
  async use(node: TestedNode): Promise<void> {
    const reason = await fetchNode(node);
    if (reason !== undefined) throw new Error(reason);
    this.#path = `${dirname(nodePath(node))}:${process.env.PATH}`;
  }

  /** Runs a program in the project, by the name that is typed. */
  run(...[program = '', ...args]: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      const env = { ...clean(), PATH: this.#path };
      const options = { cwd: this.folder, env, maxBuffer: 1 << 26 };
      execFile(program, args, options, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
        resolve({ status, output: `${stdout}${stderr}` });
      });
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without what npm and vitest have told this process, and would tell those that it starts. */
function clean(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/.test(name)),
  );
}
