import { Buffer as Bytes } from 'node:buffer';
import { writeSync } from 'node:fs';
import type { ScreenBuffer as Buffer, Terminal } from 'terminal-kit';
import type { Size } from './screen.js';
import type { Line, Look } from './text.js';

/** Styles off, cursor on, the other screen again: what a terminal needs in order to go on. */
const RESTORE = '\x1b[0m\x1b[?25h\x1b[?1049l';
/** A terminal that says nothing of its size. */
const UNKNOWN: Size = { width: 80, height: 24 };
const MOST = 1000;

const COLOURED: Readonly<Record<Look, Buffer.Attributes>> = {
  plain: { defaultColor: true },
  strong: { defaultColor: true, bold: true },
  faint: { defaultColor: true, dim: true },
  good: { color: 'green' },
  warning: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  bar: { color: 'black', bgColor: 'green' },
  selected: { color: 'black', bgColor: 'cyan' },
};

/** Where there are to be no colours: https://no-color.org */
const PLAIN: typeof COLOURED = {
  ...COLOURED,
  good: { defaultColor: true },
  warning: { defaultColor: true, bold: true },
  bad: { defaultColor: true, bold: true },
  bar: { defaultColor: true, inverse: true },
  selected: { defaultColor: true, bold: true, inverse: true },
};

export interface DisplayEvents {
  /** As terminal-kit names it; a character is itself. */
  onKey(name: string): void;
  onResize(): void;
}

/** The whole terminal, for as long as this is not disposed of. */
export class Display {
  readonly #kit: typeof import('terminal-kit');
  readonly #terminal: Terminal;
  readonly #looks: typeof COLOURED;
  readonly #onKey: (name: string) => void;
  readonly #onResize: () => void;
  /** Also after an exception that nobody expected. */
  readonly #onExit = () => this.#restore();
  #buffer: Buffer | undefined;
  #isOpen = true;

  private constructor(kit: typeof import('terminal-kit'), events: DisplayEvents) {
    this.#kit = kit;
    this.#terminal = kit.terminal;
    this.#looks = process.stdout.hasColors() ? COLOURED : PLAIN;
    this.#onKey = (name) => events.onKey(name);
    this.#onResize = () => {
      // What is on the screen is not known any more.
      this.#buffer = undefined;
      events.onResize();
    };
    process.on('exit', this.#onExit);
    this.#terminal.fullscreen(true);
    this.#terminal.hideCursor();
    dropForeignBytes(this.#terminal);
    this.#terminal.grabInput({});
    this.#terminal.on('key', this.#onKey);
    process.stdout.on('resize', this.#onResize);
  }

  static async open(events: DisplayEvents): Promise<Display> {
    // Only here: nothing else needs it.
    const { default: kit } = await import('terminal-kit');
    return new Display(kit, events);
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0
      ? { width: Math.min(columns, MOST), height: Math.min(rows, MOST) }
      : UNKNOWN;
  }

  /** Draws what has changed. */
  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    const { width, height } = this.size;
    const delta = this.#buffer?.width === width && this.#buffer.height === height;
    if (!delta) this.#buffer = this.#create(width, height);
    const buffer = this.#buffer as Buffer;
    buffer.fill({ attr: this.#looks.plain, char: ' ' });
    for (const [y, line] of lines.slice(0, height).entries()) {
      let x = 0;
      for (const { text, look } of line) {
        buffer.put({ x, y, attr: this.#looks[look], wrap: false, dx: 1, dy: 0 }, text);
        x += text.length;
      }
    }
    buffer.draw({ delta });
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#terminal.off('key', this.#onKey);
    process.stdout.off('resize', this.#onResize);
    process.off('exit', this.#onExit);
    this.#terminal.grabInput(false);
    this.#restore();
    // It holds the process for the sake of what may still be typed.
    process.stdin.unref();
  }

  #create(width: number, height: number): Buffer {
    const { ScreenBuffer } = this.#kit;
    return new ScreenBuffer({ dst: this.#terminal, width, height, x: 1, y: 1 });
  }

  /** Without the library and without waiting: it may be the last thing that this process does. */
  #restore(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      process.stdin.setRawMode(false);
      writeSync(process.stdout.fd, RESTORE);
    } catch {
      // The terminal is gone.
    }
  }
}

/**
 * What the keyboard sends is ASCII wherever it means something here. terminal-kit loops for ever over a
 * byte that UTF-8 does not begin with.
 */
function dropForeignBytes(terminal: Terminal): void {
  const input = terminal as unknown as { onStdin: (bytes: Uint8Array) => void };
  const take = input.onStdin;
  input.onStdin = (bytes) => {
    const plain = Bytes.from(bytes.filter((byte) => byte < 0x80));
    if (plain.length > 0) take(plain);
  };
}
