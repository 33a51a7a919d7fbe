import type { FromWorker, ServiceTask } from './control.js' with { 'resolution-mode': 'import' };

/**
 * The task that Piscina runs, one on each worker thread, for as long as the pool lives.
 *
 * CommonJS, because Piscina loads it with require(). ES modules that are loaded so abort the
 * process when their thread is terminated meanwhile: Node.js asks `v8::Module::IsGraphAsync` of a
 * module that was never instantiated. Those that import() loads do not.
 */
async function serve(task: ServiceTask): Promise<void> {
  const module = await import('./service.js').catch((error: unknown) => tell(task, error));
  if (module !== undefined) return await new module.WorkerService(task).run();
  // What it could not import it never can: the main thread ends it, and starts another.
  await new Promise(() => undefined);
}

function tell(task: ServiceTask, error: unknown): undefined {
  const { message, code, cause } = error as NodeJS.ErrnoException;
  const beneath = cause instanceof Error ? ` (${cause.message})` : '';
  const unstarted: FromWorker = { type: 'unstarted', message: `${message}${beneath}`, code };
  task.port.postMessage(unstarted);
}

export = serve;
