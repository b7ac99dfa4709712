// The client: typed methods over fetch, with time limits, and again where that is safe.

import { INVALID_CUSTOMER_TOKEN, type KizunaError, ServiceFailure, Unreachable, errorOf } from "./errors.js";
import type {
  ChurnScoreRequest,
  ChurnScoreResponse,
  CustomerResponse,
  EventsRequest,
  EventsResponse,
  NextBestOfferRequest,
  NextBestOfferResponse,
  OutcomesResponse,
  RecommendationsRequest,
  RecommendationsResponse,
  ReportedOutcome,
} from "./openapi.js";
import { type Retries, chooseWait, isTransient, pause, readRetries } from "./retries.js";
import { type AnswerOf, type OperationName, ROUTES, type RequestOf, type Route } from "./routes.js";

/** Customers or events in one request. */
const BLOCK = 1000;
const NO_ANSWER = "there was no answer";

export interface ClientOptions {
  /** An API key; in a page a browser key, which needs a customer token beside it. */
  key?: string | undefined;
  /** Gets a customer token from your server. Called before the first request, and again where a token has expired. */
  customerToken?: (() => string | Promise<string>) | undefined;
  /** Milliseconds that one try may take, the whole answer included. Default: 10 seconds. */
  timeout?: number;
  retries?: Partial<Retries>;
  /** In place of the global fetch, for proxies and certificates of your own. */
  fetch?: typeof fetch | undefined;
}

export interface RequestOptions {
  /** Ends the request, and waits before another try. */
  signal?: AbortSignal | undefined;
  /** Lets the request end after its page, such as the report of a click that leaves the page; up to 64 KB. */
  keepalive?: boolean;
}

type Without<T, Name extends string> = T extends unknown ? Omit<T, Name> : never;
type ReportedEvent = EventsRequest["events"][number];
/** An event. Without an event_id the client makes one, so that a repeated request counts once. */
export type EventReport = Without<ReportedEvent, "event_id"> & { event_id?: string };

interface Call {
  readonly route: Route;
  readonly name: string;
  readonly url: string;
  readonly body: string | undefined;
  readonly isRepeatable: boolean;
}

/** Asks one Kizuna service. */
export class Client {
  readonly #baseUrl: string;
  readonly #key: string;
  readonly #makeToken: (() => string | Promise<string>) | undefined;
  readonly #timeout: number;
  readonly #retries: Retries;
  readonly #fetch: typeof fetch;
  #token: Promise<string> | undefined;

  /** Throws TypeError or RangeError for an address, a key or times that cannot be. */
  constructor(baseUrl: string, options: ClientOptions = {}) {
    const { key = "", customerToken, timeout = 10_000, retries = {} } = options;
    if (!isAddress(baseUrl)) throw new TypeError("baseUrl has to be an address such as https://kizuna.example.com");
    if (!/^[\x21-\x7e]*$/.test(key)) throw new TypeError("the key contains spaces, line ends or other signs no key has");
    if (!(timeout > 0)) throw new RangeError(`timeout is ${timeout}; it has to be more than 0 milliseconds`);
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#key = key;
    this.#makeToken = customerToken;
    this.#timeout = timeout;
    this.#retries = readRetries(retries);
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init)); // a browser's fetch needs its own `this`
  }

  /** Items for a customer on record, a history that the caller knows, both, or neither (recent best sellers). */
  recommend(request: RecommendationsRequest, options?: RequestOptions): Promise<RecommendationsResponse> {
    return this.send("recommendations", { body: request }, options);
  }

  /** Report what customers did, up to 1,000 events. A repeated event counts once. */
  reportEvents(events: readonly EventReport[], options?: RequestOptions): Promise<EventsResponse> {
    const withIds = events.map((event) => ({ ...event, event_id: event.event_id ?? makeId() }) as ReportedEvent);
    return this.send("events", { body: { events: withIds } }, options);
  }

  /** Churn probabilities of up to 1,000 customers, with reasons; `scoreAll` takes any number. */
  scoreChurn(request: ChurnScoreRequest, options?: RequestOptions): Promise<ChurnScoreResponse> {
    return this.send("churn_score", { body: request }, options);
  }

  /** The scores of any number of customers in their order, requested 1,000 at a time as they are read. */
  async *scoreAll(
    customerIds: Iterable<string> | AsyncIterable<string>,
    request: Omit<ChurnScoreRequest, "customer_ids"> = {},
    options?: RequestOptions,
  ): AsyncGenerator<ChurnScoreResponse["scores"][number], void, void> {
    for await (const block of split(customerIds)) {
      yield* (await this.scoreChurn({ ...request, customer_ids: block }, options)).scores;
    }
  }

  /** The offer to make to a customer now, or none. Sent once only, unless `record` is false. */
  nextBestOffer(request: NextBestOfferRequest, options?: RequestOptions): Promise<NextBestOfferResponse> {
    return this.send("next_best_offer", { body: request }, options);
  }

  /** Report what came of decisions, up to 1,000 outcomes. A repeated outcome counts once. */
  reportOutcomes(outcomes: ReportedOutcome[], options?: RequestOptions): Promise<OutcomesResponse> {
    return this.send("outcomes", { body: { outcomes } }, options);
  }

  /** Everything that is known about one customer, with `k` recommendations. */
  getCustomer(customerId: string, query: { k?: number } = {}, options?: RequestOptions): Promise<CustomerResponse> {
    return this.send("customer", { path: { customer_id: customerId }, query }, options);
  }

  /** Any route of the service, by its name in the OpenAPI document; again where that is safe. Throws KizunaError. */
  async send<Name extends OperationName>(
    name: Name,
    request: RequestOf<Name>,
    options: RequestOptions = {},
  ): Promise<AnswerOf<Name>> {
    const call = this.#describe(ROUTES[name], request);
    const deadline = performance.now() + this.#retries.total;
    let hasNewToken = false;
    for (let nTries = 1; ; nTries += 1) {
      options.signal?.throwIfAborted();
      const left = nTries === 1 ? this.#timeout : Math.max(deadline - performance.now(), 1);
      const answer = await this.#try(call, Math.min(this.#timeout, left), options);
      if (!(answer instanceof Error)) return answer as AnswerOf<Name>;
      if (answer.problem === INVALID_CUSTOMER_TOKEN && this.#makeToken && !hasNewToken) {
        // Nothing was carried out. A token lasts for minutes, a page for hours.
        this.#token = undefined;
        hasNewToken = true;
        continue;
      }
      const wait = chooseWait(this.#retries, answer, nTries);
      const isLast = nTries >= this.#retries.tries || performance.now() + wait >= deadline;
      if (!call.isRepeatable || isLast || !isTransient(answer)) throw answer;
      await pause(wait, options.signal);
    }
  }

  async #try(call: Call, milliseconds: number, options: RequestOptions): Promise<object | KizunaError> {
    const limit = AbortSignal.timeout(milliseconds);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    const headers = await this.#headersOf(call, signal);
    if (headers === undefined) {
      if (options.signal?.aborted) throw options.signal.reason;
      return new Unreachable(call.name, "customerToken gave no token in time");
    }
    try {
      const response = await this.#fetch(call.url, {
        method: call.route.method,
        headers,
        body: call.body ?? null,
        signal,
        keepalive: options.keepalive ?? false,
        // A key belongs to one service: it follows no redirect, and no cookie goes with it.
        redirect: "manual",
        credentials: "omit",
        cache: "no-store",
      });
      return response.ok ? await readAnswer(call, response) : await errorOf(call.name, response);
    } catch (cause) {
      if (options.signal?.aborted) throw options.signal.reason;
      return new Unreachable(call.name, limit.aborted ? `${NO_ANSWER} in time` : NO_ANSWER + describeCause(cause), { cause });
    }
  }

  /** Undefined where the signal came before the token. */
  async #headersOf(call: Call, signal: AbortSignal): Promise<Record<string, string> | undefined> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    if (this.#key) headers["authorization"] = `Bearer ${this.#key}`;
    if (this.#makeToken) {
      const token = await Promise.race([this.#getToken(this.#makeToken), abortion(signal)]);
      if (token === undefined) {
        this.#token = undefined;
        return undefined;
      }
      headers["kizuna-customer-token"] = token;
    }
    return headers;
  }

  /** The token of all requests; where it cannot be got, the next request tries anew. */
  #getToken(make: () => string | Promise<string>): Promise<string> {
    this.#token ??= Promise.resolve()
      .then(make)
      .catch((error: unknown) => {
        this.#token = undefined;
        throw error;
      });
    return this.#token;
  }

  #describe(route: Route, request: { body?: unknown; path?: object | undefined; query?: object | undefined }): Call {
    const path = Object.entries(request.path ?? {}).reduce<string>(
      (filled, [name, value]) => filled.replace(`{${name}}`, () => escapeInPath(String(value))),
      route.path,
    );
    const given = Object.entries(request.query ?? {}).filter(([, value]) => value !== undefined && value !== null);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return {
      route,
      name: `${route.method} ${route.path}`, // without the ids of customers
      url: this.#baseUrl + path + (query && `?${query}`),
      body: request.body === undefined ? undefined : encode(request.body),
      isRepeatable: route.isRepeatable(request.body),
    };
  }
}

async function readAnswer(call: Call, response: Response): Promise<object | KizunaError> {
  const text = await response.text(); // a connection that breaks here has no answer
  try {
    return JSON.parse(text) as object;
  } catch {
    const detail = "the answer is no JSON; does the base URL lead to a Kizuna service?";
    return new ServiceFailure(call.name, detail, { status: response.status });
  }
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return ["http:", "https:"].includes(url.protocol) && !/[?#\s]/.test(text) && !url.username && !url.password;
}

/** No value can leave its place. URLs have no way to write `.` and `..` but as the folder itself and the one above. */
function escapeInPath(value: string): string {
  if (value === "." || value === "..") throw new TypeError("no address can contain an id that consists of dots");
  return encodeURIComponent(value);
}

/** JSON, in which NaN would silently become null. */
function encode(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new TypeError("a number is NaN or infinite, which JSON cannot express; leave its field out");
    }
    return value;
  });
}

/** 128 random bits; crypto.randomUUID does not exist in pages without TLS. */
function makeId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Resolves when the signal comes. */
function abortion(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** The code that Node gives the reason of a failed connection, such as ECONNREFUSED. */
function describeCause(error: unknown): string {
  const code: unknown = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  return typeof code === "string" && /^[A-Z_]+$/.test(code) ? ` (${code})` : "";
}

async function* split(ids: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[], void, void> {
  let block: string[] = [];
  for await (const id of ids) {
    block.push(id);
    if (block.length === BLOCK) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}
