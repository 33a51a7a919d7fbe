import type { ConnectionUrl } from '../connection/url.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { PoolWarning } from '../health/warning.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { LeaseObservation, LeaseSubject } from '../lease/observation.js';
import type { ConnectObservation, PoolObserver } from './observer.js';

const OF_OPENINGS = ['resolved', 'opened', 'failed'] as const;
const OF_LEASES = ['granted', 'failed', 'ended'] as const;

/** All that look at a pool, as one: the pool tells it, and nobody else. */
export class Observers implements PoolObserver {
  #all: readonly PoolObserver[] = [];

  /** @returns a function that takes them out again */
  add(...observers: readonly PoolObserver[]): () => void {
    this.#all = [...this.#all, ...observers];
    return () => {
      this.#all = this.#all.filter((observer) => !observers.includes(observer));
    };
  }

  connecting(url: ConnectionUrl): ConnectObservation | undefined {
    return joined(
      this.#followed((observer) => observer.connecting?.(url)),
      OF_OPENINGS,
    );
  }

  leasing(subject: LeaseSubject): LeaseObservation | undefined {
    return joined(
      this.#followed((observer) => observer.leasing?.(subject)),
      OF_LEASES,
    );
  }

  leaseReported(report: LeaseReport): void {
    for (const observer of this.#all) observer.leaseReported?.(report);
  }

  workerStarted(worker: number, threadId: number): void {
    for (const observer of this.#all) observer.workerStarted?.(worker, threadId);
  }

  workerCrashed(worker: number, error: LwsPoolError): void {
    for (const observer of this.#all) observer.workerCrashed?.(worker, error);
  }

  workerUnresponsive(worker: number, silentFor: number): void {
    for (const observer of this.#all) observer.workerUnresponsive?.(worker, silentFor);
  }

  warned(warning: PoolWarning): void {
    for (const observer of this.#all) observer.warned?.(warning);
  }

  /** Those that follow it; undefined where nobody does. */
  #followed<Part>(follow: (observer: PoolObserver) => Part | undefined): Part[] | undefined {
    let parts: Part[] | undefined;
    for (const observer of this.#all) {
      const part = follow(observer);
      if (part === undefined) continue;
      if (parts === undefined) parts = [part];
      else parts.push(part);
    }
    return parts;
  }
}

/** Several as one, which passes calls of those members on to all. */
function joined<Part extends object>(
  parts: readonly Part[] | undefined,
  members: readonly (keyof Part)[],
): Part | undefined {
  if (parts === undefined || parts.length === 1) return parts?.[0];
  const each = (member: keyof Part) => (told: unknown) => {
    for (const part of parts) (part[member] as ((told: unknown) => void) | undefined)?.(told);
  };
  return Object.fromEntries(members.map((member) => [member, each(member)])) as Part;
}
