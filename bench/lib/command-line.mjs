/**
 * Runs a command: a wrong command line is said together with the usage, which `--help` prints.
 *
 * @template {{ help?: boolean }} Options
 * @param {string[]} commandLine
 * @param {string} usageText
 * @param {(commandLine: string[]) => Options} read  throws what is wrong
 * @param {(options: Options) => Promise<number>} run
 * @returns {Promise<number>}  exit status; 2: wrong command line
 */
export async function runCommand(commandLine, usageText, read, run) {
  let options;
  try {
    options = read(commandLine);
  } catch (error) {
    console.error(`${error.message}\n\n${usageText}`);
    return 2;
  }
  if (options.help) {
    console.log(usageText);
    return 0;
  }
  return run(options);
}
