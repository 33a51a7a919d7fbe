import type { ConnectionGroup } from 'lws-pool';
import type { Inspection } from './inspection.js';
import type { ExchangeNews, ExchangeReport } from './messages.js';

/** What the workers report of their exchanges: the latest of each counts. */
export class ReportCollector {
  /** Resolves once every worker has sent its final report. */
  readonly final: Promise<void>;
  /** The first that came. */
  inspection: Inspection | undefined;
  readonly #latest = new Map<number, ExchangeReport>();

  /** @param workers how many have a share of the group */
  constructor(group: ConnectionGroup, workers: number) {
    this.final = new Promise((resolve) => {
      group.on('post', (value, worker) => {
        const news = value as ExchangeNews;
        if ('inspection' in news) {
          this.inspection ??= news.inspection;
          return;
        }
        this.#latest.set(worker, news);
        if (this.all.filter(({ final }) => final).length === workers) resolve();
      });
    });
  }

  get all(): ExchangeReport[] {
    return [...this.#latest.values()];
  }

  get received(): number {
    return this.all.reduce((sum, { received }) => sum + received, 0);
  }

  /** Messages on their way. */
  get underWay(): number {
    return this.all.reduce((sum, { sent, received, lost }) => sum + sent - received - lost, 0);
  }
}
