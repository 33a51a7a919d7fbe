// Running other programs, without a dependency.
import { spawn, spawnSync } from 'node:child_process';
import { root } from './files.mjs';

/**
 * @typedef {object} Outcome
 * @property {number} status the exit status; 127 if the program could not be started
 * @property {string} output standard output and standard error as they came
 * @property {string} stdout
 */

/**
 * How to call npm: the one that runs this, if npm does, or else the one on the path.
 *
 * @returns {{ program: string, args: string[] }}
 */
export function npmCommand() {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('npm-cli.js')) return { program: process.execPath, args: [npm] };
  return { program: 'npm', args: [] };
}

/**
 * Runs a program, in the project's root unless told otherwise, and collects what it prints. One that
 * takes longer than `timeout` (milliseconds) is ended.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{
 *   input?: string,
 *   env?: NodeJS.ProcessEnv,
 *   cwd?: string,
 *   onOutput?: (text: string) => void,
 *   timeout?: number,
 * }} [options]
 * @returns {Promise<Outcome>}
 */
export function run(program, args, options = {}) {
  const { input = '', env = process.env, cwd = root, onOutput, timeout } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, timeout, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let stdout = '';
    /** @param {string} text */
    const collect = (text) => {
      output += text;
      onOutput?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      collect(text);
    });
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => resolve({ status: 127, output: error.message, stdout: '' }));
    child.on('close', (code, signal) => {
      if (signal) collect(`\n${program} was ended by ${signal}\n`);
      resolve({ status: code ?? 1, output, stdout });
    });
    // A program that exits without reading its input is no failure of ours.
    child.stdin.on('error', () => undefined).end(input);
  });
}

/**
 * The same, waiting, for a short answer: its standard output, or undefined if it failed.
 *
 * @param {string} program
 * @param {string[]} args
 */
export function answer(program, args) {
  const { status, stdout } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
