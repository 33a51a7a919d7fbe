import type { LoadReport } from '../load/report.js';
import type { LoadSettings } from '../load/settings.js';
import { Interrupt } from './interrupt.js';
import { progressView } from './progress.js';
import { styleFor, widthOf } from './style.js';
import { renderSummary } from './summary.js';

/** Runs with progress on standard error; Ctrl+C ends it early, with what there is. */
export async function watchedRun(settings: LoadSettings): Promise<LoadReport> {
  const { runLoad } = await import('../load/run.js');
  using interrupt = new Interrupt();
  const view = progressView(process.stderr);
  try {
    return await runLoad(settings, view.onProgress, interrupt.signal);
  } finally {
    view.end();
  }
}

export function printSummary(report: LoadReport): void {
  const { stdout } = process;
  stdout.write(renderSummary(report, styleFor(stdout), widthOf(stdout)));
}
