/**
 * One line on stderr that says what is being measured; nothing where nobody is watching.
 */
export function startProgress(stream = process.stderr) {
  const write = (text) => stream.isTTY && stream.write(`\r\x1b[K${text}`);
  return { show: write, end: () => write('') };
}
