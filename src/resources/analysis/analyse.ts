import { kindKey } from "../kind.ts";
import { findKind, splitApiVersion } from "../kinds.ts";
import type { Resource } from "../resource.ts";
import { analyseDestinationRule } from "./destination-rule.ts";
import type { Analyser, Analysis, Lister, MeshFacts } from "./lister.ts";
import { analyseAuthorizationPolicy, analysePeerAuthentication } from "./policies.ts";
import {
  analyseMeshConfig,
  analyseServiceEntry,
  analyseTrafficSplit,
  analyseWorkloadEntry,
} from "./services.ts";
import { analyseVirtualService } from "./virtual-service.ts";

const analysers: Readonly<Record<string, Analyser>> = {
  "virtualservices.networking.istio.io": analyseVirtualService,
  "destinationrules.networking.istio.io": analyseDestinationRule,
  "serviceentries.networking.istio.io": analyseServiceEntry,
  "workloadentries.networking.istio.io": analyseWorkloadEntry,
  "peerauthentications.security.istio.io": analysePeerAuthentication,
  "authorizationpolicies.security.istio.io": analyseAuthorizationPolicy,
  "trafficsplits.split.smi-spec.io": analyseTrafficSplit,
  "meshconfigs.weft.dev": analyseMeshConfig,
};

/**
 * What is wrong or odd about an object among all others: for admission, and again for its status whenever the others
 * change. The object must be valid on its own; it may or may not be in the lister.
 */
export function analyse(object: Resource, lister: Lister, facts: MeshFacts = {}): Analysis {
  const { group } = splitApiVersion(object.apiVersion);
  const kind = findKind(group, object.kind);
  const analyser = kind && analysers[kindKey(kind)];
  return analyser ? analyser(object, lister, facts) : { issues: [], warnings: [] };
}
