import type { WatchClient } from './client.js';
import { Display } from './display.js';
import { detailLines, layout, renderScreen } from './screen.js';
import { follow, onKey, type State } from './state.js';
import { idIn } from './table.js';
import { Watch } from './watch.js';

/**
 * Shows a pool until the user quits.
 *
 * @param interval seconds
 * @throws WatchError where there is no more to be seen
 */
export async function showLive(
  client: WatchClient,
  initial: State,
  interval: number,
  signal: AbortSignal,
): Promise<void> {
  const live = new Live(client, initial, interval);
  await live.run(signal);
}

class Live {
  readonly #client: WatchClient;
  readonly #watch: Watch;
  readonly #interval: number;
  #state: State;
  #display: Display | undefined;
  #quit: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  /** A look is under way; what is wanted meanwhile is looked for after it. */
  #looking = false;
  #wanted: { readonly frozen: boolean } | undefined;
  /** The connection that was last shown alone. */
  #shown: string | undefined;

  constructor(client: WatchClient, state: State, interval: number) {
    this.#client = client;
    this.#watch = new Watch(client, interval);
    this.#interval = interval;
    this.#state = state;
  }

  async run(signal: AbortSignal): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.#quit = resolve;
      this.#fail = reject;
    });
    over.catch(() => undefined);
    signal.addEventListener('abort', this.#quit, { once: true });
    // Nobody can type any more: the terminal was closed.
    process.once('SIGHUP', this.#quit);
    await this.#watch.look(this.#state, this.#rows, false);
    const display = await Display.open({
      onKey: (name) => this.#onKey(name),
      onResize: () => this.#onResize(),
    });
    this.#display = display;
    const timer = setInterval(() => {
      if (!this.#state.paused) this.#look(false);
    }, this.#interval * 1e3);
    try {
      this.#onResize();
      const gone = this.#client.ended().then((error) => Promise.reject(error));
      await Promise.race([over, gone]);
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', this.#quit);
      process.off('SIGHUP', this.#quit);
      display[Symbol.dispose]();
    }
  }

  get #size() {
    return this.#display?.size ?? { width: 80, height: 24 };
  }

  get #rows(): number {
    return layout(this.#size, this.#watch.picture.pool).rows;
  }

  #onKey(name: string): void {
    const before = this.#state;
    const { picture } = this.#watch;
    const { rows, columns } = layout(this.#size, picture.pool);
    this.#state = onKey(before, name, {
      rows,
      columns,
      matching: picture.rows.matching,
      selected: idIn(picture.rows, before.cursor),
      beyond: Math.max(0, detailLines(picture, this.#size.width).length - rows),
    });
    if (this.#state.quit) this.#quit();
    else this.#look(this.#state.paused || !before.paused);
    this.#draw();
  }

  #onResize(): void {
    this.#draw();
    this.#look(true);
  }

  #draw(): void {
    this.#display?.draw(renderScreen(this.#watch.picture, this.#state, this.#size));
  }

  #look(frozen: boolean): void {
    this.#wanted = { frozen: frozen && (this.#wanted?.frozen ?? true) };
    if (!this.#looking) void this.#lookOn();
  }

  async #lookOn(): Promise<void> {
    this.#looking = true;
    try {
      for (let wanted = this.#wanted; wanted !== undefined; wanted = this.#wanted) {
        this.#wanted = undefined;
        const { detail } = this.#state;
        if (detail !== undefined && detail !== this.#shown) await this.#watch.open(detail);
        this.#shown = detail;
        await this.#watch.look(this.#state, this.#rows, wanted.frozen);
        this.#settle();
        this.#draw();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#looking = false;
    }
  }

  /** The list may have become shorter. */
  #settle(): void {
    const { rows } = this.#watch.picture;
    const followed = follow(this.#state, { rows: this.#rows, matching: rows.matching });
    if (followed.offset !== rows.offset && this.#state.detail === undefined) this.#look(true);
    this.#state = followed;
  }
}
