import { spawn } from 'node:child_process';

/** Groups of processes that must not outlive this one, however it is stopped. */
const running = new Set();
process.once('exit', () => {
  for (const pid of running) stop(pid);
});

/**
 * Runs a program to its end, with all it starts in a group of its own. What it says goes to
 * standard error, because standard output belongs to the report.
 *
 * @param {string[]} command
 * @param {{ cwd: string }} settings
 */
export async function runToEnd([program, ...args], { cwd }) {
  const stdio = ['ignore', process.stderr, process.stderr];
  const child = spawn(program, args, { cwd, stdio, detached: true });
  const { code, error } = await new Promise((resolve) => {
    child.once('spawn', () => running.add(child.pid));
    child.once('error', (cause) => resolve({ code: null, error: cause }));
    child.once('exit', (status) => resolve({ code: status }));
  });
  running.delete(child.pid);
  if (code !== 0) {
    throw new Error(`${program} ${args.join(' ')} failed in ${cwd}`, { cause: error });
  }
}

function stop(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
