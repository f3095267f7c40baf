import type { GroupVersion, KindTable } from "../kinds/kind-table.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { commonDefinitions, kindDefinitions } from "./definitions.ts";
import { type Operation, operationsOf } from "./operations.ts";
import type { Reference } from "./schema-writer.ts";

const reference: Reference = (name, description) => {
  const $ref = `#/components/schemas/${name}`;
  // Nothing may stand beside a reference in OpenAPI 3.0.
  return description === undefined ? { $ref } : { allOf: [{ $ref }], description };
};

/** OpenAPI 3.0 of one group and version. */
export function makeV3(table: KindTable, groupVersion: GroupVersion): unknown {
  const kinds = table.inGroupVersion(groupVersion);
  const { version } = groupVersion;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const kind of kinds)
    for (const operation of operationsOf(kind, version)) {
      const item = paths[operation.path] ?? {
        parameters: operation.pathParameters.map(pathParameter),
      };
      item[operation.method] = writeOperation(operation, kind, version);
      paths[operation.path] = item;
    }
  const schemas = kinds.map((kind) => kindDefinitions(kind, version, reference));
  return {
    openapi: "3.0.0",
    info: { title: "Weft", version: "v1.32.0" },
    paths,
    components: {
      schemas: Object.assign(commonDefinitions(reference), ...schemas),
      securitySchemes: { BearerToken: { type: "http", scheme: "bearer" } },
    },
  };
}

function writeOperation(operation: Operation, kind: ServedKind, version: string) {
  const { body } = operation;
  const content = (definition: string, types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: reference(definition) }]));
  return {
    tags: [kind.group === "" ? "core_v1" : `${kind.group}_${version}`],
    description: operation.description,
    operationId: operation.id,
    parameters: operation.queryParameters.map(({ name, type, description }) => ({
      name,
      in: "query",
      description,
      schema: { type, uniqueItems: true },
    })),
    ...(body
      ? { requestBody: { content: content(body.definition, body.types), required: true } }
      : {}),
    responses: {
      [operation.resultCode]: {
        description: "OK",
        content: content(operation.result, ["application/json", "application/yaml"]),
      },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": { group: kind.group, version, kind: kind.kind },
  };
}

function pathParameter(name: string) {
  return { name, in: "path", required: true, schema: { type: "string", uniqueItems: true } };
}
