// What can go wrong. No message contains an id or another value of a customer.

import type { ProblemDetails } from "./openapi.js";

const MODEL_NOT_RELEASED = "urn:kizuna:problem:model-not-released";
export const INVALID_CUSTOMER_TOKEN = "urn:kizuna:problem:invalid-customer-token";

interface Failure {
  /** The HTTP status; undefined if there was no answer. */
  status?: number;
  problem?: Partial<ProblemDetails>;
  /** Seconds. */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** A request without a usable answer. */
export class KizunaError extends Error {
  /** The HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;
  /** The type of problem, such as urn:kizuna:problem:unknown-customer; empty where the answer names none. */
  readonly problem: string;
  readonly detail: string;
  /** Where in the request the error is, such as $.customer_ids[...]. */
  readonly field: string | undefined;
  /** Seconds after which the service may be asked again, where it says so. */
  readonly retryAfter: number | undefined;

  constructor(request: string, detail: string, failure: Failure = {}) {
    const { status, problem = {}, retryAfter, cause } = failure;
    const where = problem.field ? ` (at ${problem.field})` : "";
    super(`${request}: ${status === undefined ? "" : `${status} `}${detail}${where}`, { cause });
    this.name = new.target.name;
    this.status = status;
    this.problem = String(problem.type ?? "");
    this.detail = detail;
    this.field = problem.field ?? undefined;
    this.retryAfter = retryAfter;
  }
}

/** There was no answer: no connection, or one that broke or took too long. */
export class Unreachable extends KizunaError {}

/** The key or customer token is missing, unknown or lacks the scope, or the service does not answer for this host. */
export class NotPermitted extends KizunaError {}

/** There is no such customer, or no such route. */
export class NotFound extends KizunaError {}

/** The request is wrong; it will be refused again. */
export class Refused extends KizunaError {}

/** The key has used up its rate or its quota. */
export class TooManyRequests extends KizunaError {}

/** The service cannot answer now: it is busy, has no release, or the release does not contain the model. */
export class Unavailable extends KizunaError {}

/** The service failed, or answered what no client can read. */
export class ServiceFailure extends KizunaError {}

const CLASSES: Readonly<Record<number, typeof KizunaError>> = {
  401: NotPermitted,
  403: NotPermitted,
  404: NotFound,
  421: NotPermitted,
  429: TooManyRequests,
  503: Unavailable,
};

/** The error that an answer without success describes, as problem+json or by its status alone. */
export async function errorOf(request: string, response: Response): Promise<KizunaError> {
  const status = response.status;
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    return new ServiceFailure(request, "the answer leads to another address; does the base URL lead to a service?", { status });
  }
  const problem = await readProblem(response);
  const usual = status >= 400 && status < 500 ? Refused : ServiceFailure;
  const detail = problem.detail || problem.title || response.statusText || "no explanation";
  const retryAfter = readRetryAfter(response.headers.get("retry-after") ?? "");
  const kind = problem.type === MODEL_NOT_RELEASED ? Unavailable : (CLASSES[status] ?? usual);
  return new kind(request, String(detail), { status, problem, retryAfter });
}

async function readProblem(response: Response): Promise<Partial<ProblemDetails>> {
  try {
    const content: unknown = await response.json();
    return typeof content === "object" && content !== null && !Array.isArray(content) ? content : {};
  } catch {
    return {};
  }
}

/** Seconds to wait, from a number or from a date; undefined if it is neither. */
export function readRetryAfter(header: string): number | undefined {
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text);
  const moment = /[a-z]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}
