import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { connect, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { describe } from '../../base/describe.js';
import { FILE_PATH, filePath } from '../../base/file-path.js';
import { LONGEST_PATH } from '../../connection/socket-path.js';
import { createError, type LwsPoolError } from '../../errors/errors.js';
import { systemReason } from '../../errors/phrases.js';

/** S_ISVTX of inode(7): only owners rename what is there. */
const STICKY = 0o1000;
/** How long whoever holds the path may take to accept. Milliseconds. */
const ANSWERING = 1_000;

/** @throws LwsPoolError ERR_INVALID_ARGUMENT; ERR_DEBUG_SOCKET for a path that is too long */
export function checkedPath(path: unknown): string {
  const absolute = filePath(path);
  if (absolute === undefined || /\p{Cc}/u.test(absolute)) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'path',
      got: describe(path),
      takes: `${FILE_PATH}, for a Unix socket`,
    });
  }
  const size = Buffer.byteLength(absolute);
  if (size > LONGEST_PATH) {
    const reason = `it has ${size} bytes, the system takes at most ${LONGEST_PATH}`;
    throw refused(absolute, new Refusal('ENAMETOOLONG', reason, 'Choose a shorter one.'));
  }
  return absolute;
}

/**
 * Listens at a path that only this user can connect to, at no time anybody else: the socket is made
 * in a folder of mode 0700, gets its own mode there, and only then its name. All of that happens
 * within the directory as it was checked, whatever its path leads to meanwhile.
 *
 * @returns takes the path away again; to be called once the server is closed
 * @throws LwsPoolError ERR_DEBUG_SOCKET
 */
export async function listenPrivately(server: Server, path: string): Promise<() => void> {
  const directory = openDirectory(path);
  const at = (name: string) => `/proc/self/fd/${directory}/${name}`;
  const folder = at(`.lws-pool-${randomBytes(6).toString('hex')}`);
  const final = at(basename(path));
  try {
    mkdirSync(folder, { mode: 0o700 });
    const made = join(folder, 'socket');
    await listen(server, made);
    chmodSync(made, 0o600);
    await claim(made, final, join(folder, 'stale'));
    const { ino, dev } = lstatSync(final);
    rmSync(folder, { recursive: true });
    return () => {
      removeOwn(final, ino, dev);
      closeSync(directory);
    };
  } catch (error) {
    server.close();
    rmSync(folder, { recursive: true, force: true });
    closeSync(directory);
    throw refused(path, error);
  }
}

function removeOwn(path: string, ino: number, dev: number): void {
  try {
    const found = lstatSync(path);
    if (found.ino === ino && found.dev === dev) rmSync(path);
  } catch {
    // Somebody has taken it away already.
  }
}

/** A directory in which nobody else can put something else in the place of what is ours. */
function openDirectory(path: string): number {
  let directory: number;
  try {
    directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw refused(path, error);
  }
  const { mode, uid, gid } = fstatSync(directory);
  const own = uid === process.geteuid?.() || uid === 0;
  const writers = gid === process.getegid?.() ? 0o002 : 0o022;
  const othersWrite = (mode & writers) !== 0 && (mode & STICKY) === 0;
  if (own && !othersWrite) return directory;
  closeSync(directory);
  const reason = own
    ? 'others can rename what is in its directory'
    : 'its directory belongs to somebody else';
  throw refused(path, new Refusal('EPERM', reason, 'Choose a directory that is yours alone.'));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: in a worker of node:cluster it is this process that listens, no other.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Gives the socket its name: link(2) never replaces what is there. */
async function claim(made: string, final: string, stale: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      linkSync(made, final);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
    }
    await removeStale(final, stale);
  }
}

/** Takes away the socket of a process that is gone; a live one, and anything else, stays. */
async function removeStale(final: string, stale: string): Promise<void> {
  const found = lstatSync(final);
  if (!found.isSocket()) {
    throw new Refusal('EEXIST', 'there is a file that is no socket');
  }
  if (await answers(final)) {
    throw new Refusal('EADDRINUSE', 'somebody listens there');
  }
  // Moved aside and looked at again: in the meantime a live one may have come.
  renameSync(final, stale);
  const moved = lstatSync(stale);
  if (moved.ino === found.ino && moved.dev === found.dev) return;
  linkSync(stale, final);
  throw new Refusal('EADDRINUSE', 'somebody listens there');
}

/** Whether somebody listens there; one that is too busy to accept does as well. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(), ANSWERING);
    // Politely: there may be a server that a reset would hurt.
    socket.once('connect', () => socket.resume().end());
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Make its directory first.',
  ENOTDIR: 'What stands before the last "/" is no directory.',
  EACCES: 'Choose a directory that this process may write to.',
  EPERM: 'Choose a directory that this process may write to.',
  EROFS: 'Choose a directory that can be written to.',
};

/** Where it is not the system that refuses. */
class Refusal extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, reason: string, hint?: string) {
    super(reason);
    this.code = code;
    this.hint = hint;
  }
}

function refused(path: string, why: unknown): LwsPoolError {
  const failure = why as NodeJS.ErrnoException;
  const { code = '', syscall, message } = failure;
  const own = why instanceof Refusal;
  return createError(
    'ERR_DEBUG_SOCKET',
    {
      unixPath: path,
      errno: code,
      reason: own ? message : (systemReason(failure) ?? message),
      syscall,
      hint: (own ? why.hint : HINTS[code]) ?? 'Choose another path.',
    },
    own ? undefined : { cause: why },
  );
}
