import { readRetryBudget } from "../destination-rule/read.ts";
import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import { durationMs } from "../schema/duration.ts";
import { readRetries } from "../virtual-service/retries.ts";
import { defaultMeshConfig, type MeshConfig } from "./mesh-config.ts";
import type { MeshConfigSpec } from "./schema.ts";

const normalizations = {
  NONE: "none",
  BASE: "base",
  MERGE_SLASHES: "merge-slashes",
  DECODE_AND_MERGE_SLASHES: "decode-and-merge-slashes",
} as const;

export function readMeshConfig(resource: Resource): MeshConfig {
  const spec = (resource.spec ?? {}) as MeshConfigSpec;
  const { trustDomain, outboundTrafficPolicy, pathNormalization, connectTimeout } = spec;
  return {
    object: identityOf(resource),
    ...(trustDomain === undefined ? {} : { trustDomain }),
    outboundTrafficPolicy:
      outboundTrafficPolicy?.mode === "REGISTRY_ONLY" ? "registry-only" : "allow-any",
    pathNormalization: pathNormalization
      ? normalizations[pathNormalization.normalization]
      : defaultMeshConfig.pathNormalization,
    connectTimeoutMs:
      connectTimeout === undefined
        ? defaultMeshConfig.connectTimeoutMs
        : durationMs(connectTimeout),
    ...(spec.defaultHttpRetryPolicy
      ? { defaultHttpRetries: readRetries(spec.defaultHttpRetryPolicy) }
      : {}),
    retryBudget: spec.retryBudget
      ? readRetryBudget(spec.retryBudget)
      : defaultMeshConfig.retryBudget,
  };
}
