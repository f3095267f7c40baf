import type { Issue } from "#core/issue.ts";
import { defineKind } from "../define-kind.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import { checkHost, issue } from "../schema/checks.ts";
import { duplicates } from "../schema/duplicates.ts";
import { fieldPath } from "../schema/field-path.ts";
import { optional } from "../schema/fields.ts";
import { meshStatusSchema } from "../schema/status.ts";
import { type TrafficSplitSpec, trafficSplitSpecSchema } from "./schema.ts";
import { weightMillis } from "./weight.ts";

export const trafficSplitKind = defineKind({
  group: "split.smi-spec.io",
  kind: "TrafficSplit",
  plural: "trafficsplits",
  shortNames: ["ts"],
  categories: [],
  namespaced: true,
  versions: ["v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"],
  description: "Shares the requests to one service among several, by weight (SMI).",
  properties: { spec: trafficSplitSpecSchema, status: optional(meshStatusSchema) },
  hasStatus: true,
  columns: [
    {
      name: "Service",
      type: "string",
      description: "Root service, which clients call.",
      priority: 0,
      value: (object) => (object.spec as TrafficSplitSpec).service,
    },
  ],
  fields: "strict",
  validate: validateTrafficSplit,
});

/** Weights stay well below this, so that their sum fits what proxies are told (32 bits). */
const maxWeight = 1_000_000;

function validateTrafficSplit(object: Resource): readonly Issue[] {
  const { service, backends } = object.spec as TrafficSplitSpec;
  const namespace = object.metadata.namespace ?? "default";
  const hosts = backends.map((backend) => completeHost(backend.service, namespace));
  const weights = backends.map(({ weight }) => weightMillis(weight));
  const issues: Issue[] = [...validateService(service, "spec.service")];
  for (const [i, backend] of backends.entries()) {
    const path = fieldPath("spec.backends", i);
    issues.push(...validateService(backend.service, `${path}.service`));
    const weight = weights[i];
    if (weight === undefined || weight > maxWeight * 1000)
      issues.push(
        issue(
          `${path}.weight`,
          "invalid",
          `expected a number from 0 to ${maxWeight}, or a quantity such as 500m, got ${JSON.stringify(backend.weight)}`,
        ),
      );
  }
  if (weights.every((weight) => weight === 0))
    issues.push(
      issue("spec.backends", "invalid", "the weights come to 0, so no service gets requests"),
    );
  const twice = duplicates(hosts, (i) =>
    issue(`spec.backends[${i}].service`, "duplicate", `${hosts[i]} is already listed`),
  );
  return [...issues, ...twice];
}

function validateService(host: string, path: string): readonly Issue[] {
  if (host.startsWith("*")) return [issue(path, "invalid", "expected one service, not a wildcard")];
  return checkHost(host, path);
}
