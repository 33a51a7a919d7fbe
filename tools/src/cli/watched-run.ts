import type { LoadReport } from '../load/report.js';
import type { LoadSettings } from '../load/settings.js';
import { progressView } from './progress.js';
import { styleFor, widthOf } from './style.js';
import { renderSummary } from './summary.js';

/** Runs with progress on standard error; the signal ends it early, with what there is. */
export async function watchedRun(settings: LoadSettings, signal: AbortSignal): Promise<LoadReport> {
  const { runLoad } = await import('../load/run.js');
  const view = progressView(process.stderr);
  try {
    return await runLoad(settings, view.onProgress, signal);
  } finally {
    view.end();
  }
}

export function printSummary(report: LoadReport): void {
  const { stdout } = process;
  stdout.write(renderSummary(report, styleFor(stdout), widthOf(stdout)));
}
