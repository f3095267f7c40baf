import { identityOf } from "../identity.ts";
import type { MeshConfigSpec } from "../mesh-config/schema.ts";
import type { Resource } from "../resource.ts";
import { readServiceEntry } from "../service-entry/read.ts";
import { readTrafficSplit } from "../traffic-split/read.ts";
import { readWorkloadEntry } from "../workload-entry/read.ts";
import { conflictingClaims } from "./claims.ts";
import { findHost, missingHost } from "./hosts.ts";
import type { Analysis, Lister, MeshFacts } from "./lister.ts";
import { missingAccount, missingExports } from "./missing.ts";
import { unmatchedSelector } from "./workloads.ts";

export function analyseTrafficSplit(object: Resource, lister: Lister): Analysis {
  const split = readTrafficSplit(object);
  const { namespace } = split.object;
  const missing = (host: string, path: string): readonly string[] =>
    findHost(lister, host, namespace) ? [] : [missingHost(path, host)];
  return {
    issues: conflictingClaims("trafficsplits.split.smi-spec.io", object, lister),
    warnings: [
      ...missing(split.service, "spec.service"),
      ...split.backends.flatMap(({ service }, i) =>
        missing(service, `spec.backends[${i}].service`),
      ),
    ],
  };
}

export function analyseServiceEntry(object: Resource, lister: Lister): Analysis {
  const entry = readServiceEntry(object);
  const { namespace } = entry.object;
  return {
    issues: [],
    warnings: [
      ...unmatchedSelector(lister, entry.workloadSelector, namespace, "spec.workloadSelector"),
      ...missingExports(lister, entry.exportTo, namespace),
      ...entry.endpoints.flatMap(({ serviceAccount }, i) =>
        serviceAccount === undefined
          ? []
          : missingAccount(
              lister,
              namespace,
              serviceAccount,
              `spec.endpoints[${i}].serviceAccount`,
            ),
      ),
    ],
  };
}

export function analyseWorkloadEntry(object: Resource, lister: Lister): Analysis {
  const { serviceAccount } = readWorkloadEntry(object);
  const { namespace } = identityOf(object);
  if (serviceAccount === undefined) return { issues: [], warnings: [] };
  const warnings = missingAccount(lister, namespace, serviceAccount, "spec.serviceAccount");
  return { issues: [], warnings };
}

/** The trust domain is in every certificate; it is chosen when the CA is made. */
export function analyseMeshConfig(object: Resource, _: Lister, facts: MeshFacts): Analysis {
  const { trustDomain } = (object.spec ?? {}) as MeshConfigSpec;
  const same =
    trustDomain === undefined ||
    facts.trustDomain === undefined ||
    trustDomain === facts.trustDomain;
  if (same) return { issues: [], warnings: [] };
  const message = `the trust domain of this mesh is ${facts.trustDomain}; it was fixed when the CA was made and cannot be changed to ${trustDomain}`;
  return { issues: [{ path: "spec.trustDomain", code: "invalid", message }], warnings: [] };
}
