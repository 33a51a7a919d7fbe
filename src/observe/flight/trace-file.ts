import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import { describe } from '../../base/describe.js';
import { FILE_PATH, filePath } from '../../base/file-path.js';
import { createError } from '../../errors/errors.js';
import { tooManyFiles } from '../../errors/shortage.js';
import { type FlightRecord, traceEventsOf } from '../../flight/record.js';
import type { TraceEvent } from '../../flight/trace.js';

/** So much is gathered before it is written. Characters. */
const PIECE = 256 * 1024;

/** Made anew, never through a link. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** @throws LwsPoolError ERR_INVALID_ARGUMENT */
export function parseTracePath(path: unknown): string {
  const file = filePath(path);
  if (file !== undefined) return file;
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'path',
    got: describe(path),
    takes: FILE_PATH,
  });
}

/**
 * Writes records as they come, so that never all of them are in memory as text. A file that cannot
 * be written to its end is removed.
 *
 * @throws LwsPoolError ERR_FILE, ERR_TOO_MANY_FILES
 */
export async function writeTrace(
  file: string,
  flights: AsyncIterable<readonly FlightRecord[]>,
): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, FLAGS, 0o600);
    await handle.chmod(0o600); // whatever the umask
    await write(handle, flights);
    await handle.close();
  } catch (cause) {
    if (handle !== undefined) {
      await handle.close().catch(() => undefined);
      await unlink(file).catch(() => undefined);
    }
    const { code, syscall } = cause as NodeJS.ErrnoException;
    const operation = `write the file "${file}"`;
    throw (
      tooManyFiles(cause, { file, operation, syscall }) ??
      createError('ERR_FILE', { file, errno: code, syscall }, { cause })
    );
  }
}

async function write(
  handle: FileHandle,
  flights: AsyncIterable<readonly FlightRecord[]>,
): Promise<void> {
  let text = '{"displayTimeUnit":"ms","traceEvents":[\n';
  let first = true;
  const add = (event: TraceEvent) => {
    text += `${first ? '' : ',\n'}${JSON.stringify(event)}`;
    first = false;
  };
  const { pid } = process;
  add({ name: 'process_name', ph: 'M', ts: 0, pid, tid: 0, args: { name: 'lws-pool' } });
  let tid = 0;
  for await (const records of flights) {
    for (const record of records) {
      const row = { pid, tid: ++tid };
      add(sortIndex(record, row));
      for (const event of traceEventsOf(record, row)) add(event);
      if (text.length < PIECE) continue;
      await handle.writeFile(text);
      text = '';
    }
  }
  await handle.writeFile(`${text}\n]}\n`);
}

/** Rows are drawn by worker, then as they come. */
function sortIndex({ worker }: FlightRecord, row: { pid: number; tid: number }): TraceEvent {
  const args = { sort_index: worker * 1_000_000 + row.tid };
  return { name: 'thread_sort_index', ph: 'M', ts: 0, ...row, args };
}
