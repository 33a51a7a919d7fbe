import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { escapedLines } from '../phrases.js';
import { demoCommand } from './commands/demo.js';
import { inspectCommand } from './commands/inspect.js';
import { loadCommand } from './commands/load.js';
import { serveCommand } from './commands/serve.js';
import { topCommand } from './commands/top.js';
import { exitStatusOf, report } from './failure.js';
import { STATUS } from './status.js';

/** Carries out a command line and answers the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  let status: number = STATUS.ok;
  const program = createProgram((outcome) => {
    status = outcome;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? STATUS.ok : STATUS.usage;
    report(error);
    return exitStatusOf(error);
  }
}

/** @param onDone hears the exit status of the command that ran */
function createProgram(onDone: (status: number) => void): Command {
  const program = new Command('lws-pool')
    .description(
      'WebSocket and TCP clients on worker threads: an inspector, a load tester, its target, and what shows them at work.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      outputError: (text, write) => write(escapedLines(text.replace(/^error: /, 'lws-pool: '))),
    })
    .addHelpText('after', '\nEach command has more to say: lws-pool load --help')
    .exitOverride();
  for (const make of [inspectCommand, loadCommand, serveCommand, demoCommand, topCommand]) {
    const command = make(onDone);
    program.addCommand(command.copyInheritedSettings(program).exitOverride());
    command.showHelpAfterError(`Try "lws-pool ${command.name()} --help".`);
  }
  return program;
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
