// Objects in the form that the client asked for: themselves, rows of a table, or their metadata.
import type { Resource } from "#resources/resource.ts";
import { badRequest } from "../errors/api-error.ts";
import { apiVersionOf, inVersion } from "../kinds/served-kind.ts";
import { type IncludeObject, partialMetadata, tableOf } from "../table/table.ts";
import type { ResourceRequest, RestDependencies } from "./resource-request.ts";

interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export function presentObject(
  request: ResourceRequest,
  { clock }: RestDependencies,
  object: Resource,
  withColumns = true,
): unknown {
  const { accepted, kind, query, path } = request;
  const { metaVersion } = accepted;
  const versioned = inVersion(object, kind, path.version);
  if (accepted.form === "object") return versioned;
  if (accepted.form === "metadata") return partialMetadata(versioned, metaVersion);
  const includeObject = readIncludeObject(query);
  const { resourceVersion } = object.metadata;
  const options = { metaVersion, includeObject, clock, withColumns };
  return tableOf(kind, [versioned], resourceVersion ? { resourceVersion } : {}, options);
}

export function presentList(
  request: ResourceRequest,
  { clock }: RestDependencies,
  stored: readonly Resource[],
  metadata: ListMeta,
): unknown {
  const { accepted, kind, query, path } = request;
  const { metaVersion, form } = accepted;
  const items = stored.map((object) => inVersion(object, kind, path.version));
  if (form === "table") {
    const includeObject = readIncludeObject(query);
    return tableOf(
      kind,
      items,
      { ...metadata },
      { metaVersion, includeObject, clock, withColumns: true },
    );
  }
  if (form === "metadata")
    return {
      kind: "PartialObjectMetadataList",
      apiVersion: `meta.k8s.io/${metaVersion}`,
      metadata,
      items: items.map((object) => partialMetadata(object, metaVersion)),
    };
  const apiVersion = apiVersionOf(kind, path.version);
  return { kind: `${kind.kind}List`, apiVersion, metadata, items };
}

const INCLUDES = ["None", "Metadata", "Object"] as const;

function readIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject");
  if (value === null || value === "") return "Metadata";
  const known = INCLUDES.find((include) => include === value);
  if (!known) throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
  return known;
}
