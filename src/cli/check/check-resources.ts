import { kinds } from "#resources/kinds.ts";
import type { Resource } from "#resources/resource.ts";
import { findCondition, readConditions } from "#resources/status.ts";
import type { ApiClient } from "../api/api-client.ts";
import { resourcePath } from "../api/resource-path.ts";
import { type Category, finding } from "./finding.ts";

/** What the control plane wrote into the status of the user's objects. */
export async function checkResources(api: ApiClient): Promise<Category> {
  const objects = (
    await Promise.all(ownKinds.map((kind) => listAll(api, resourcePath(kind, {}))))
  ).flat();
  return {
    name: "weft-resources",
    findings: [
      finding(
        "references-resolve",
        "every name in a resource exists",
        "warning",
        failing(objects, "ReferencesResolved"),
      ),
      finding(
        "resources-live",
        "every resource is live on the proxies that it affects",
        "error",
        failing(objects, "Live"),
      ),
    ],
  };
}

const ownKinds = kinds.filter(({ fields, hasStatus }) => fields === "strict" && hasStatus);

async function listAll(api: ApiClient, path: string): Promise<readonly Resource[]> {
  const { body } = await api.request("GET", path);
  return (body as { items: readonly Resource[] }).items;
}

function failing(objects: readonly Resource[], type: string): readonly string[] {
  return objects.flatMap((object) => {
    const condition = findCondition(readConditions(object.status), type);
    if (condition?.status !== "False") return [];
    const { namespace = "", name } = object.metadata;
    return [
      `${object.kind} ${namespace === "" ? "" : `${namespace}/`}${name}: ${condition.message}`,
    ];
  });
}
