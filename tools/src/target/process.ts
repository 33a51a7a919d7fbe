import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** What `lws-pool serve --json` prints once it listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** One for each port; `port` and `url` are of the first. */
  readonly urls: readonly string[];
  readonly tls: boolean;
  readonly mode: string;
  /** Path of the CA certificate that clients have to trust, where it was written. */
  readonly ca?: string;
}

/** A target in a process of its own. It ends with this process, however that ends. */
export class TargetProcess {
  readonly listening: Listening;
  readonly #stop: () => Promise<void>;

  private constructor(listening: Listening, stop: () => Promise<void>) {
    this.listening = listening;
    this.#stop = stop;
  }

  /** @param args of `lws-pool serve` */
  static async start(...args: readonly string[]): Promise<TargetProcess> {
    const child = spawn(
      process.execPath,
      [MAIN, 'serve', '--json', '--exit-with-parent', ...args],
      // In a process group of its own, so that Ctrl+C in the terminal is left to this process.
      { stdio: ['pipe', 'pipe', 'inherit'], detached: true },
    );
    const exited = once(child, 'exit');
    const stop = async () => {
      child.kill('SIGTERM');
      await exited;
    };
    const failed = exited.then(([status, signal]) => {
      throw new Error(`the target ended before it listened, with ${signal ?? `status ${status}`}`);
    });
    const line = once(createInterface(child.stdout), 'line') as Promise<[string]>;
    try {
      const [text] = await Promise.race([line, failed]);
      return new TargetProcess(JSON.parse(text) as Listening, stop);
    } catch (error) {
      await stop();
      throw error;
    } finally {
      failed.catch(() => undefined);
    }
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}
