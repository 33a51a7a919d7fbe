import { shown } from '../phrases.js';
import type { ExchangePlan } from './messages.js';

/** Failures that the library has no reason to report: they break what a load run relies on. */
export const incidents = {
  noEcho({ size, raw }: ExchangePlan, bytes: number, unasked: boolean) {
    const what = unasked
      ? `${bytes} bytes that nobody asked for`
      : `${bytes} bytes in answer to a message of ${size}`;
    const needs = raw ? 'sends back what it receives' : 'sends back each message as it is';
    return {
      code: 'ERR_NO_ECHO',
      message: `The server sent ${what}. A load run needs a server that ${needs}.`,
    };
  },

  closedEarly(raw: boolean, code: number, reason: string) {
    const how = raw ? '' : ` with code ${code}${reason === '' ? '' : ` ("${shown(reason)}")`}`;
    return {
      code: 'ERR_CLOSED_EARLY',
      message: `The server closed the connection${how} before the run was over. Look at its limits and its log.`,
    };
  },
} as const;
