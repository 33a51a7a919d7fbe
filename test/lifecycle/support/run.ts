import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** What became of a child process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** Its lines on stdout, each parsed as JSON. */
  readonly lines: readonly unknown[];
  /** It was still there when its time was up, and was killed. */
  readonly hung: boolean;
}

export interface RunOptions {
  /** Which of the program's cases, and what it needs. */
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Descriptors that it may have open. */
  readonly limit?: number | undefined;
  /** Milliseconds. Default: {@link PATIENCE}. */
  readonly timeout?: number;
  readonly onStart?: (pid: number) => void;
  /** Called with each line as it is printed, and a way to signal the child. */
  readonly onLine?: (line: unknown, kill: (signal: NodeJS.Signals) => void) => void;
}

/**
 * After which a program counts as hung, on a busy machine as well, unless it has printed something
 * meanwhile; longer under sanitizers. Milliseconds.
 */
export const PATIENCE = Number(process.env.LWSPOOL_TEST_PATIENCE ?? 50_000);

/** Runs a program of programs/ as a process of its own. */
export function run(program: string, options: RunOptions = {}): Promise<Ended> {
  const file = fileURLToPath(new URL(`../programs/${program}.mjs`, import.meta.url));
  const command = [process.execPath, ...(options.nodeArgs ?? []), file, ...(options.args ?? [])];
  const limited =
    options.limit === undefined
      ? command
      : ['sh', '-c', `ulimit -n ${options.limit}; exec "$@"`, 'sh', ...command];
  const child = spawn(limited[0] as string, limited.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env, NODE_OPTIONS: '' },
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const lines: unknown[] = [];
  let partial = '';
  let stderr = '';
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, options.timeout ?? PATIENCE);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    timer.refresh();
    const parts = (partial + text).split('\n');
    partial = parts.pop() ?? '';
    for (const part of parts) {
      const line: unknown = JSON.parse(part);
      lines.push(line);
      options.onLine?.(line, (signal) => child.kill(signal));
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stderr, lines, hung });
    });
  });
}

/** Runs a program that has to end by itself, with status 0 and nothing on stderr. */
export async function runWell(program: string, options?: RunOptions): Promise<readonly unknown[]> {
  const { lines, ...end } = await run(program, options);
  expect({ ...end, lines }).toEqual({ code: 0, signal: null, stderr: '', hung: false, lines });
  return lines;
}
