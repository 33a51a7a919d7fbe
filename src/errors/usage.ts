import type { ErrorEntry } from './details.js';
import { because, escaped, note, shown } from './phrases.js';

/** What the caller got wrong, and the installation. */
export const USAGE_ERRORS = {
  ERR_INVALID_OPTION: {
    summary: 'An option is unknown or has a value it does not take.',
    message: ({ option = 'options', got, takes, reason, hint }) =>
      takes === undefined
        ? `There is no option "${shown(option)}".${note(' ', hint)}`
        : `Option "${shown(option)}" takes ${takes}${note('; it got ', got)}${because(reason)}.${note(' ', hint)}`,
  },
  ERR_INVALID_ARGUMENT: {
    summary: 'An argument of a method has a value it does not take.',
    message: ({ argument = '', got, takes = 'another value', reason, hint }) =>
      `Argument "${shown(argument)}" takes ${takes}${note('; it got ', got)}${because(reason)}.${note(' ', hint)}`,
  },
  ERR_STATS_OFF: {
    summary: 'Figures were asked for of a pool that counts nothing.',
    message: () =>
      'The pool was made with { stats: false } and counts nothing. Make it without that option.',
  },
  ERR_PACKAGE_MISSING: {
    summary: 'A package that is needed for what was asked for cannot be loaded.',
    message: ({ package: name = '', reason }) =>
      `The package "${shown(name)}" cannot be loaded${because(reason)}. Run "npm install ${shown(name)}" where the application is installed.`,
  },
  ERR_DEBUG_SOCKET: {
    summary: 'The socket for observers cannot be opened at that path.',
    message: ({ unixPath = '', reason, hint }) =>
      `No debug socket can be opened at ${shown(unixPath)}${because(reason)}.${note(' ', hint)}`,
  },
  ERR_INVALID_URL: {
    summary: 'The URL cannot be connected to.',
    message: ({ url = '', reason = 'it is not a URL', hint, argument, takes, got }) =>
      argument !== undefined
        ? `Argument "${shown(argument)}" takes ${takes}${note('; it got ', got)}.`
        : `Cannot connect to "${shown(url)}": ${shown(reason)}.${note(' ', hint)}`,
  },
  ERR_INVALID_HEADER: {
    summary: 'A header, path or protocol holds characters that would forge or break the request.',
    message: ({ part = 'request', reason = 'a character that may not be sent' }) =>
      `The ${shown(part)} holds ${shown(reason)}; nothing was sent. Remove it or encode it before passing it on.`,
  },
  ERR_TLS_OPTION: {
    summary:
      'OpenSSL cannot use a TLS option: ca, cert, key, passphrase, ciphers, ecdhCurve, sigalgs.',
    message: ({ option = 'tls', reason }) =>
      `OpenSSL cannot use the option "${shown(option)}"${because(reason)}. ${/\.?(ciphers|ecdhCurve|sigalgs)$/.test(option) ? 'Check the names in it against "openssl version" and "openssl list".' : 'Check that it is PEM, complete, and that key, certificate and passphrase belong together.'}`,
  },
  ERR_FILE: {
    summary: 'A file could not be written.',
    message: ({ file = '', reason }) =>
      `The file "${shown(file)}" could not be written${because(reason)}. It is made anew and never over another one, and nothing is left of it; choose a path that is free and has room.`,
  },
  ERR_ADDON: {
    summary: 'The native addon cannot be loaded, or does not fit this process.',
    message: ({ reason, hint }) =>
      `The native addon of lws-pool cannot be used${because(reason)}.${hint === undefined ? '' : ` ${escaped(hint)}`}`,
  },
} as const satisfies Record<string, ErrorEntry>;
