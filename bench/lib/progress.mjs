/**
 * One line on stderr that says what is being measured; nothing where nobody is watching.
 *
 * @param {number} total  rows
 */
export function startProgress(total, stream = process.stderr) {
  let row = 0;
  const write = (text) => stream.isTTY && stream.write(`\r\x1b[K${text}`);
  return {
    next: () => row++,
    show: (text) => write(`row ${row} of ${total}, ${text}`),
    end: () => write(''),
  };
}
