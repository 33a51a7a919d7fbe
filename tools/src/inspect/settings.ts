/** What to inspect, and how. */
export interface InspectSettings {
  readonly url: string;
  /** Further fields of the request, by name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly origin: string | undefined;
  readonly protocols: readonly string[];
  /** PEM text; undefined: Node's own authorities. */
  readonly ca: string | undefined;
  /** The client's own certificate and its key, PEM texts. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly insecure: boolean;
  readonly servername: string | undefined;
  /** Milliseconds, for each part: the name look-up, the opening, a pong, a second look. */
  readonly timeout: number;
  readonly pings: number;
  /** Whether a second connection tries to resume the TLS session. */
  readonly resume: boolean;
}

export const INSPECT_DEFAULTS = { timeout: 10_000, pings: 3 } as const;
