import type { ServiceTask } from './control.js' with { 'resolution-mode': 'import' };

/**
 * The task that Piscina runs, one on each worker thread, for as long as the pool lives.
 *
 * CommonJS, because Piscina loads it with require(). ES modules that are loaded so abort the
 * process when their thread is terminated meanwhile: Node.js asks `v8::Module::IsGraphAsync` of a
 * module that was never instantiated. Those that import() loads do not.
 */
async function serve(task: ServiceTask): Promise<void> {
  const { WorkerService } = await import('./service.js');
  await new WorkerService(task).run();
}

export = serve;
