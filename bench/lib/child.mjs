import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What must not outlive this process, however it is stopped. */
const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/**
 * Starts a program and gives its first line of stdout, read as JSON. What it writes
 * to stderr is only shown if there is no such line.
 *
 * @param {string[]} command
 * @param {{ seconds: number, environment?: Record<string, string> }} settings
 */
export function startChild([program, ...programArguments], { seconds, environment }) {
  const env = { ...process.env, ...environment };
  const child = spawn(program, programArguments, { stdio: ['ignore', 'pipe', 'pipe'], env });
  running.add(child);
  const exited = new Promise((resolve) => {
    child.once('close', resolve);
  });
  child.once('close', () => running.delete(child));
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints = (complaints + text).slice(-4000);
  });

  const firstLine = new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${program} said nothing within ${seconds} s\n${complaints}`.trim()));
    }, seconds * 1000);
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(tooLate);
      try {
        resolve(JSON.parse(line));
      } catch {
        reject(new Error(`${program} printed no JSON: ${line}`));
      }
    });
    child.once('error', (error) => {
      clearTimeout(tooLate);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(tooLate);
      reject(
        new Error(`${program} ended with ${signal ?? code} and no result\n${complaints}`.trim()),
      );
    });
  });

  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { pid: child.pid, firstLine, stop };
}
