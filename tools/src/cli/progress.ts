import { SingleBar } from 'cli-progress';
import type { LoadProgress, OnProgress } from '../load/progress.js';
import { count, counted, perSecond } from './quantities.js';

/** Shows how far a run is, on standard error. */
export interface ProgressView {
  readonly onProgress: OnProgress;
  end(): void;
}

export function progressView(stream: NodeJS.WriteStream): ProgressView {
  return stream.isTTY ? new ProgressBar(stream) : new ProgressLines(stream);
}

/** One line that is drawn over again, and gone at the end. */
class ProgressBar implements ProgressView {
  readonly #bar: SingleBar;

  constructor(stream: NodeJS.WriteStream) {
    this.#bar = new SingleBar({
      stream,
      format: '  {phase}{bar}  {text}',
      barsize: 20,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      clearOnComplete: true,
      // The run ends in order after Ctrl+C.
      gracefulExit: false,
    });
  }

  readonly onProgress = (progress: LoadProgress) => {
    const payload = { phase: PHASES[progress.phase].padEnd(12), text: textOf(progress) };
    if (this.#bar.isActive) this.#bar.update(doneOf(progress), payload);
    else this.#bar.start(1, doneOf(progress), payload);
  };

  end(): void {
    this.#bar.stop();
  }
}

/** A line each second, for logs. */
class ProgressLines implements ProgressView {
  readonly #stream: NodeJS.WritableStream;
  #phase: LoadProgress['phase'] | undefined;
  #next = 0;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  readonly onProgress = (progress: LoadProgress) => {
    if (progress.phase !== this.#phase) {
      this.#phase = progress.phase;
      this.#next = performance.now() + SECOND;
    }
    if (performance.now() < this.#next) return;
    this.#next += SECOND;
    this.#stream.write(`${PHASES[progress.phase]} ${textOf(progress)}\n`);
  };

  end(): void {
    this.#next = Number.POSITIVE_INFINITY;
  }
}

const SECOND = 1000;

const PHASES = {
  opening: 'opening',
  exchanging: 'exchanging',
  draining: 'waiting',
  closing: 'closing',
} as const satisfies Record<LoadProgress['phase'], string>;

function textOf(progress: LoadProgress): string {
  switch (progress.phase) {
    case 'opening': {
      const { opened, failed, requested } = progress;
      const failures = failed === 0 ? '' : `, ${count(failed)} failed`;
      return `${count(opened)} of ${counted(requested, 'connection')}${failures}`;
    }
    case 'exchanging': {
      const elapsed = Math.round(progress.elapsed);
      return `${elapsed} of ${progress.duration} s, ${perSecond(progress.perSecond)} answered`;
    }
    case 'draining':
      return `for ${counted(progress.waiting, 'more answer')}`;
    case 'closing':
      return counted(progress.open, 'connection');
  }
}

/** Between 0 and 1. */
function doneOf(progress: LoadProgress): number {
  switch (progress.phase) {
    case 'opening':
      return (progress.opened + progress.failed) / progress.requested;
    case 'exchanging':
      return Math.min(1, progress.elapsed / progress.duration);
    case 'draining':
    case 'closing':
      return 1;
  }
}
