/**
 * Facts of a failure, from `error.details`. Each code sets the few that apply; unknown facts are
 * absent. All values survive the structured clone algorithm.
 */
export interface ErrorDetails {
  /** Option at fault, as a path: `tls.minVersion`, `protocols[1]`. */
  readonly option?: string | undefined;
  /** Argument at fault, by its name. */
  readonly argument?: string | undefined;
  /** The given value, shortened; only its type and length where it may be a secret. */
  readonly got?: string | undefined;
  /** Values that are accepted. */
  readonly takes?: string | undefined;
  /** One sentence that helps: the nearest known name, the command to run. */
  readonly hint?: string | undefined;
  /** Name of an npm package. */
  readonly package?: string | undefined;
  /** Part of a request at fault: `header "X-Trace"`, `URL`. */
  readonly part?: string | undefined;

  /** Target as asked for, without credentials. */
  readonly url?: string | undefined;
  /** Host name or address as asked for, IPv6 without brackets. */
  readonly host?: string | undefined;
  /** Numeric address that was tried. */
  readonly address?: string | undefined;
  /** Port that was asked for. */
  readonly port?: number | undefined;
  /** How many addresses of the host were not tried: those beyond the first 64. */
  readonly addressesLeftOut?: number | undefined;
  /** Path of the Unix socket. */
  readonly unixPath?: string | undefined;
  /** Local address the socket was to be bound to. */
  readonly localAddress?: string | undefined;
  /** Error number by its name, for example `ECONNREFUSED` (errno(3)). */
  readonly errno?: string | undefined;
  /** System call that failed. */
  readonly syscall?: string | undefined;
  /** Time allowed, in milliseconds. */
  readonly timeout?: number | undefined;
  /** The phase in which it happened: `name lookup`, `worker`, `BIO`, `handler`, `TCP`, `TLS`, `upgrade`. */
  readonly phase?: string | undefined;
  /** The call that failed: `updateKeys()`. */
  readonly operation?: string | undefined;
  /** How a connection is leased: `shared`, `exclusive`. */
  readonly mode?: string | undefined;
  /** Cause, in the words of its source: OpenSSL, the operating system, the peer, a handler. */
  readonly reason?: string | undefined;

  /** Path of a file. */
  readonly file?: string | undefined;

  /** Subject of the peer's certificate. */
  readonly subject?: string | undefined;
  /** Issuer of the peer's certificate. */
  readonly issuer?: string | undefined;
  /** Beginning of its validity. */
  readonly validFrom?: Date | undefined;
  /** End of its validity. */
  readonly validTo?: Date | undefined;
  /** Subject alternative names, in OpenSSL's notation: `DNS:example.com`, `IP Address:10.0.0.1`. */
  readonly altNames?: readonly string[] | undefined;

  /** HTTP status of the answer to the upgrade request. */
  readonly status?: number | undefined;
  /** HTTP reason phrase of the answer to the upgrade request. */
  readonly statusText?: string | undefined;
  /** Header fields of the answer; see {@link HeaderFields}. */
  readonly headers?: HeaderFields | undefined;
  /** First KiB of the answer's body, as UTF-8. */
  readonly body?: string | undefined;
  /** Value the protocol demanded. */
  readonly expected?: string | undefined;
  /** Value the peer sent instead. */
  readonly received?: string | undefined;
  /** Parameter of an extension that is at fault: `server_max_window_bits`. */
  readonly parameter?: string | undefined;
  /** What is wrong with it: `is there twice`. */
  readonly problem?: string | undefined;

  /** Size that was met, in bytes. */
  readonly size?: number | undefined;
  /** Bytes to send that the peer has not taken. */
  readonly unsent?: number | undefined;
  /** The connection ended within a message, whose rest never came. */
  readonly midMessage?: boolean | undefined;
  /** Limit that was passed: bytes, descriptors or connections, as the code says. */
  readonly limit?: number | undefined;
  /** Close code, RFC 6455 section 7.4. */
  readonly closeCode?: number | undefined;
  /** Close reason, RFC 6455 section 7.1.6. */
  readonly closeReason?: string | undefined;
  /** The option `label` of a lease. */
  readonly label?: string | undefined;
  /** Id of the connection. */
  readonly connection?: number | string | undefined;
  /** Index of the worker. */
  readonly worker?: number | undefined;
  /** How many times workers crashed. */
  readonly crashes?: number | undefined;
  /** URL of the handler module. */
  readonly handler?: string | undefined;
  /** URL of the module of a BIO of the user's; several are joined with `', '`. */
  readonly bio?: string | undefined;
  /** Name of the handler's function: `open`, `message`, ... */
  readonly callback?: string | undefined;
}

/**
 * Header fields by lower-case name. A field sent several times is joined with `', '`, as
 * RFC 9110 section 5.3 allows; `set-cookie`, which cannot be joined, is always an array.
 */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** One row of the table of errors. */
export interface ErrorEntry {
  /** What happened, in one line; docs/errors.md repeats it word for word. */
  readonly summary: string;
  /** The message: what happened with its facts, and what to do. */
  message(details: ErrorDetails): string;
}
