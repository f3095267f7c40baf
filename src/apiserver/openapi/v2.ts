import type { KindTable } from "../kinds/kind-table.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { commonDefinitions, kindDefinitions } from "./definitions.ts";
import { type Operation, operationsOf } from "./operations.ts";
import { INT_OR_STRING, type Reference } from "./schema-writer.ts";

const reference: Reference = (name, description) => {
  const $ref = `#/definitions/${name}`;
  return description === undefined ? { $ref } : { $ref, description };
};

/** OpenAPI 2 ("swagger") of everything, for clients of before 1.24. */
export function makeV2(table: KindTable): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const definitions: Record<string, unknown> = {
    ...commonDefinitions(reference),
    // OpenAPI 2 has no choices.
    [INT_OR_STRING]: { type: "string", format: "int-or-string" },
  };
  for (const kind of table.kinds)
    for (const version of kind.versions) {
      Object.assign(definitions, kindDefinitions(kind, version, reference));
      for (const operation of operationsOf(kind, version)) {
        const item = paths[operation.path] ?? {
          parameters: operation.pathParameters.map(pathParameter),
        };
        item[operation.method] = writeOperation(operation, kind, version);
        paths[operation.path] = item;
      }
    }
  return {
    swagger: "2.0",
    info: { title: "Weft", version: "v1.32.0" },
    paths,
    definitions,
    securityDefinitions: {
      BearerToken: { type: "apiKey", name: "authorization", in: "header" },
    },
  };
}

function writeOperation(operation: Operation, kind: ServedKind, version: string) {
  const { body } = operation;
  const inBody = body && {
    name: "body",
    in: "body",
    required: true,
    schema: reference(body.definition),
  };
  const inQuery = operation.queryParameters.map(({ name, type, description }) => ({
    name,
    in: "query",
    description,
    type,
    uniqueItems: true,
  }));
  return {
    description: operation.description,
    operationId: operation.id,
    consumes: body?.types ?? ["*/*"],
    produces: ["application/json", "application/yaml"],
    schemes: ["https"],
    parameters: inBody ? [inBody, ...inQuery] : inQuery,
    responses: {
      [operation.resultCode]: { description: "OK", schema: reference(operation.result) },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": { group: kind.group, version, kind: kind.kind },
  };
}

function pathParameter(name: string) {
  return { name, in: "path", required: true, type: "string", uniqueItems: true };
}
