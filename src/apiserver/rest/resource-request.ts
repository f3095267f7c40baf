import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import type { User } from "../admission/admission.ts";
import { ApiError } from "../errors/api-error.ts";
import { type Accepted, readAccept } from "../http/accept.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import type { CollectionRef, ObjectRef } from "../registry/object-ref.ts";
import type { Registry } from "../registry/registry.ts";
import type { RequestPath } from "./request-path.ts";

/** What the handlers of requests for objects work with. */
export interface RestDependencies {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly issueToken?: IssueToken;
}

/** Makes a token for an account, for the `token` subresource. Throws ApiError for a wish that cannot be met. */
export type IssueToken = (
  namespace: string,
  name: string,
  wish: TokenWish,
) => Promise<{ readonly token: string; readonly expirationTimestamp: string }>;

export interface TokenWish {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  /** Weft's own `spec.uses`: for how many different keys the token is good. */
  readonly uses?: number;
}

/** A request for objects, read as far as its path and its form. */
export interface ResourceRequest {
  readonly http: Request;
  readonly query: URLSearchParams;
  readonly path: RequestPath;
  readonly kind: ServedKind;
  readonly user: User;
  readonly accepted: Accepted;
}

export function readResourceRequest(
  http: Request,
  path: RequestPath,
  kind: ServedKind,
  user: User,
): ResourceRequest {
  const query = new URL(http.url).searchParams;
  const accepted = readAccept(http.headers.get("accept"));
  return { http, query, path, kind, user, accepted };
}

export function collectionOf({ kind, path }: ResourceRequest): CollectionRef {
  return { kind, version: path.version, namespace: path.namespace };
}

export function objectOf(request: ResourceRequest): ObjectRef {
  return { ...collectionOf(request), name: request.path.name };
}

export function methodNotAllowed(): ApiError {
  return new ApiError(
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
  );
}
