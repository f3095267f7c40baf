import type {
  AdmissionPlugin,
  AdmissionRequest,
  AdmissionVerdict,
} from "#apiserver/admission/admission.ts";
import { analyse } from "#resources/analysis/analyse.ts";
import type { Lister, MeshFacts } from "#resources/analysis/lister.ts";
import { kindKey } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";

/** Kinds that may claim the same host: looked up in the store itself, since the cache is a moment behind. */
const claimingKinds = ["virtualservices.networking.istio.io", "trafficsplits.split.smi-spec.io"];

const fine: AdmissionVerdict = { issues: [], warnings: [] };

/**
 * Refuses what contradicts another object, and warns of what names something that is not there: both are said at once,
 * not found out by the first failed request.
 */
export function admitMeaning(cache: Lister, facts: MeshFacts): AdmissionPlugin {
  return {
    async review(request) {
      const { object, operation, subresource } = request;
      if (!object || operation === "delete" || subresource !== "") return fine;
      const { issues, warnings } = analyse(object, await listerFor(request, cache), facts);
      return { issues, warnings };
    },
  };
}

async function listerFor({ kind, objects }: AdmissionRequest, cache: Lister): Promise<Lister> {
  if (!claimingKinds.includes(kindKey(kind))) return cache;
  const fresh = new Map<string, readonly Resource[]>();
  for (const claiming of claimingKinds) fresh.set(claiming, await objects.list(claiming));
  return {
    list(key, namespace) {
      const all = fresh.get(key);
      if (!all) return cache.list(key, namespace);
      return all.filter(({ metadata }) => (namespace ?? metadata.namespace) === metadata.namespace);
    },
    get(key, namespace, name) {
      const all = fresh.get(key);
      if (!all) return cache.get(key, namespace, name);
      return all.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    },
  };
}
