import type { Session } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

/** What a thread's JavaScript is doing, or why that is not known. */
export type BlockedStack = { readonly stack: string } | { readonly reason: string };

/** How long a thread has for its answer. Milliseconds. */
const PATIENCE = 1_000;

const GONE = 'its thread has ended';

const MARK = 'lws-pool:stack';

/**
 * Makes its own stack readable whatever the thread has done to Error, and leaves that as it was.
 * It is run in an interrupt: nothing of the thread's own code may be called.
 */
const EXPRESSION = `(() => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.prepareStackTrace = undefined;
    Error.stackTraceLimit = 50;
    return new Error().stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
})()
//# sourceURL=${MARK}`;

/** The inspector is the process's: one looks at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * The stack of a thread that does not answer. V8 serves its inspector between two instructions of
 * JavaScript, so the thread is asked in the middle of a busy loop, of a regular expression, of
 * Atomics.wait(). It is never stopped, which is why it cannot be left so. Native code that runs on
 * is not interrupted.
 *
 * @param threadId of `node:worker_threads`
 * @param wanted whether somebody still wants to know when it is this one's turn
 */
export function stackOf(
  threadId: number,
  patience = PATIENCE,
  wanted = () => true,
): Promise<BlockedStack> {
  return betweenLooks(() => {
    return wanted() ? look(threadId, patience) : Promise.resolve({ reason: GONE });
  });
}

/** For what must not happen while the inspector is attached: threads that are ended from here. */
export function betweenLooks<Result>(run: () => Promise<Result>): Promise<Result> {
  const ran = turn.then(run);
  turn = ran.catch(() => undefined);
  return ran;
}

async function look(threadId: number, patience: number): Promise<BlockedStack> {
  let session: Session | undefined;
  try {
    const inspector = await import('node:inspector');
    const url = inspector.url();
    if (url !== undefined) return { reason: `a debugger may be attached to ${url}` };
    session = new inspector.Session();
    if (isMainThread) session.connect();
    else session.connectToMainThread();
    return await within(ask(session, threadId), patience);
  } catch (error) {
    // Without the inspector, or where a policy forbids it.
    return { reason: `the inspector of Node.js is not to be had (${(error as Error).message})` };
  } finally {
    if (session !== undefined) await leave(session);
  }
}

/** Attaches to all threads, since it cannot be to one, and asks that one. */
async function ask(session: Session, threadId: number): Promise<BlockedStack> {
  const sessions = new Map<string, string>();
  session.on('NodeWorker.attachedToWorker', ({ params }) => {
    const id = /^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1];
    if (id !== undefined) sessions.set(id, params.sessionId);
  });
  const answered = new Promise<string>((resolve) => {
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => resolve(params.message));
  });
  await enable(session);
  const sessionId = sessions.get(`${threadId}`);
  if (sessionId === undefined) return { reason: GONE };
  const params = { expression: EXPRESSION, returnByValue: true, silent: true };
  const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params });
  session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
  return read(await answered);
}

function enable(session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function read(answer: string): BlockedStack {
  const { result } = JSON.parse(answer) as { result?: { result?: { value?: unknown } } };
  const stack = String(result?.result?.value ?? '');
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line) && !line.includes(MARK));
  if (frames.length > 0) return { stack: frames.join('\n') };
  return { reason: 'no JavaScript was on its stack when it was looked at' };
}

function within(asked: Promise<BlockedStack>, patience: number): Promise<BlockedStack> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const late = isMainThread ? '' : ', or the main thread is busy';
      resolve({ reason: `it is in native code, which cannot be interrupted${late}` });
    }, patience).unref();
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Not from within what the session tells: it would be taken away while it is being used. */
async function leave(session: Session): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  try {
    session.post('NodeWorker.disable');
    session.disconnect();
  } catch {
    // The thread that made it is about to end, and it ends with that.
  }
}
