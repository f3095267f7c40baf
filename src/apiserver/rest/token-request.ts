import { isObject } from "#resources/schema/field-path.ts";
import { withoutNulls } from "#resources/schema/without-nulls.ts";
import { badRequest } from "../errors/api-error.ts";
import { answer } from "../http/answer.ts";
import { readDocument } from "../http/read-body.ts";
import type { IssueToken, ResourceRequest, RestDependencies } from "./resource-request.ts";
import { methodNotAllowed, objectOf } from "./resource-request.ts";

const GROUP_VERSION = "authentication.k8s.io/v1";
const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** `POST …/serviceaccounts/{name}/token`: a token for an account that exists. */
export async function answerTokenRequest(
  request: ResourceRequest,
  { registry }: RestDependencies,
  issueToken: IssueToken,
): Promise<Response> {
  if (request.http.method !== "POST") throw methodNotAllowed();
  const account = await registry.get(objectOf(request));
  const body = await readDocument(request.http);
  if (!isObject(body)) throw badRequest("the body of the request must be a TokenRequest");
  const spec = isObject(body.spec) ? withoutNulls(body.spec) : {};
  const wanted = readSpec(spec);
  const { namespace = "", name } = account.metadata;
  const status = await issueToken(namespace, name, wanted);
  const { audiences, expirationSeconds } = wanted;
  const metadata = { name, namespace };
  const shown = { ...spec, audiences, expirationSeconds };
  return answer(
    { kind: "TokenRequest", apiVersion: GROUP_VERSION, metadata, spec: shown, status },
    { status: 201 },
  );
}

function readSpec(spec: Record<string, unknown>) {
  const { audiences = [], expirationSeconds = DEFAULT_SECONDS, uses } = spec;
  if (!Array.isArray(audiences) || audiences.some((audience) => typeof audience !== "string"))
    throw badRequest("spec.audiences must be a list of strings");
  const seconds = expirationSeconds ?? DEFAULT_SECONDS;
  if (!isWhole(seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS)
    throw badRequest(
      `spec.expirationSeconds: Invalid value: ${JSON.stringify(seconds)}: may not specify a duration less than 10 minutes`,
    );
  if (uses !== undefined && (!isWhole(uses) || uses < 1))
    throw badRequest("spec.uses must be a whole number of at least 1");
  return {
    audiences: audiences as string[],
    expirationSeconds: seconds,
    ...(uses === undefined ? {} : { uses }),
  };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
