// Typed client of a Kizuna service, for pages of shops and for Node.

export { Client, type ClientOptions, type EventReport, type RequestOptions } from "./client.js";
export {
  KizunaError,
  NotFound,
  NotPermitted,
  Refused,
  ServiceFailure,
  TooManyRequests,
  Unavailable,
  Unreachable,
} from "./errors.js";
export type * from "./openapi.js";
export type { Retries } from "./retries.js";
export type { AnswerOf, OperationName, RequestOf } from "./routes.js";
