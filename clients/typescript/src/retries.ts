// When a request is sent again, and after which wait.

import type { KizunaError } from "./errors.js";

/** Waits double, and each is drawn between 0 and its length. Times are in milliseconds. */
export interface Retries {
  /** At most, the first one included; 1 sends nothing again. Default: 5. */
  readonly tries: number;
  /** No try begins later than this after the first one began. Default: a minute. */
  readonly total: number;
  /** Default: 250. */
  readonly firstWait: number;
  /** A Retry-After may be longer, and is added to the drawn wait. Default: 10 seconds. */
  readonly longestWait: number;
}

const USUAL: Retries = { tries: 5, total: 60_000, firstWait: 250, longestWait: 10_000 };

/** The settings, with the usual ones where none are given. Throws RangeError if they cannot be. */
export function readRetries(given: Partial<Retries>): Retries {
  const retries = { ...USUAL, ...given };
  if (!(retries.tries >= 1)) throw new RangeError(`tries is ${retries.tries}; it has to be at least 1`);
  if (![retries.total, retries.firstWait, retries.longestWait].every((wait) => wait >= 0)) {
    throw new RangeError("the times of retries have to be 0 or more, such as {total: 60_000}");
  }
  return retries;
}

/** Whether the same request may succeed later: after no answer, 429 or 503. */
export function isTransient(error: KizunaError): boolean {
  return [undefined, 429, 503].includes(error.status);
}

/** Milliseconds until the next try: what the service asks for, and a part of a wait that doubles with each try. */
export function chooseWait(retries: Retries, error: KizunaError, nTries: number): number {
  const doubled = Math.min(retries.longestWait, retries.firstWait * 2 ** Math.min(nTries - 1, 60));
  return (error.retryAfter ?? 0) * 1000 + Math.random() * doubled;
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
