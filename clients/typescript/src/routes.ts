// The routes of the service, and which requests may be sent again.

import type { NextBestOfferRequest, operations, paths } from "./openapi.js";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  /** With names in braces, as in the OpenAPI document. */
  readonly path: keyof paths;
  /** Whether a second request changes nothing, so that it may be sent again after a failure. */
  readonly isRepeatable: (body: unknown) => boolean;
}

/** The operations of the OpenAPI document that answer in JSON. */
export type OperationName = Exclude<keyof operations, "livez" | "metrics">;

type Content<T> = T extends { content: { "application/json": infer Json } } ? Json : never;
type Given<T, Name extends string> = [Exclude<T, undefined>] extends [never] ? { [N in Name]?: never } : undefined extends T ? { [N in Name]?: T } : { [N in Name]: T };

/** What the body, the path and the query of an operation contain. */
export type RequestOf<Name extends OperationName> = Given<Content<operations[Name]["requestBody"]>, "body"> &
  Given<operations[Name]["parameters"]["path"], "path"> &
  Given<operations[Name]["parameters"]["query"], "query">;

/** The answer of an operation. */
export type AnswerOf<Name extends OperationName> = Content<operations[Name]["responses"][200]>;

const always = () => true;
const never = () => false;
const read = (path: keyof paths): Route => ({ method: "GET", path, isRepeatable: always });
const ask = (path: keyof paths): Route => ({ method: "POST", path, isRepeatable: always });

export const ROUTES: { readonly [Name in OperationName]: Route } = {
  account_score: ask("/v1/accounts/score"),
  bought_together: read("/v1/items/{item_id}/bought-together"),
  churn_score: ask("/v1/churn/score"),
  customer: read("/v1/customers/{customer_id}"),
  // The client makes ids before the first try, and the service stores each id once.
  events: ask("/v1/events"),
  items_change: { method: "PATCH", path: "/v1/items", isRepeatable: never },
  kpis: read("/v1/kpis"),
  models: read("/v1/models"),
  next_best_offer: {
    method: "POST",
    path: "/v1/next-best-offer",
    isRepeatable: (body) => (body as NextBestOfferRequest).record === false,
  },
  // A decision has one outcome of each kind and time.
  outcomes: ask("/v1/outcomes"),
  predictions: ask("/v1/predictions/{event}"),
  readyz: read("/readyz"),
  recommendations: ask("/v1/recommendations"),
  segment_customers: read("/v1/segments/{name}/customers"),
  segments: read("/v1/segments"),
  similar_items: read("/v1/items/{item_id}/similar"),
  stock: read("/v1/stock"),
  stock_change: { method: "PUT", path: "/v1/stock", isRepeatable: never },
  task_change: { method: "PATCH", path: "/v1/tasks/{task_id}", isRepeatable: never },
  tasks: read("/v1/tasks"),
  trending: read("/v1/trending"),
  value: ask("/v1/value"),
};
