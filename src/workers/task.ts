import type { ServiceTask } from './control.js';
import { WorkerService } from './service.js';

/** The task that Piscina runs, one on each worker thread, for as long as the pool lives. */
export default async function serve(task: ServiceTask): Promise<void> {
  await new WorkerService(task).run();
}
