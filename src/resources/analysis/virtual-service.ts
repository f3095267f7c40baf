import type { DestinationRuleSpec } from "../destination-rule/schema.ts";
import { isExportedTo, readExportTo } from "../export-to.ts";
import { completeHost, hostMatches } from "../names.ts";
import type { Resource } from "../resource.ts";
import { readVirtualService } from "../virtual-service/read.ts";
import type { HttpDestination, VirtualService } from "../virtual-service/virtual-service.ts";
import { conflictingClaims } from "./claims.ts";
import { findHost, missingHost, missingPort, portsOf } from "./hosts.ts";
import type { Analysis, Lister } from "./lister.ts";
import { missingExports, missingNamespace } from "./missing.ts";

export function analyseVirtualService(object: Resource, lister: Lister): Analysis {
  const service = readVirtualService(object);
  const { namespace } = service.object;
  return {
    issues: conflictingClaims("virtualservices.networking.istio.io", object, lister),
    warnings: [
      ...service.hosts.flatMap((host, i) =>
        host.startsWith("*") || findHost(lister, host, namespace)
          ? []
          : [missingHost(`spec.hosts[${i}]`, host)],
      ),
      ...missingExports(lister, service.exportTo, namespace),
      ...analyseRoutes(service, lister),
    ],
  };
}

function analyseRoutes({ http, object }: VirtualService, lister: Lister): readonly string[] {
  return http.flatMap(({ match, action }, i) => [
    ...match.flatMap(({ sourceNamespace }, j) =>
      sourceNamespace === undefined
        ? []
        : missingNamespace(lister, sourceNamespace, `spec.http[${i}].match[${j}].sourceNamespace`),
    ),
    ...(action.kind === "forward" ? action.destinations : []).flatMap((destination, j) =>
      analyseDestination(
        destination,
        `spec.http[${i}].route[${j}].destination`,
        object.namespace,
        lister,
      ),
    ),
  ]);
}

function analyseDestination(
  { host, subset, port }: HttpDestination,
  path: string,
  namespace: string,
  lister: Lister,
): readonly string[] {
  const known = findHost(lister, host, namespace);
  const warnings: string[] = [];
  if (known === undefined)
    warnings.push(`${missingHost(`${path}.host`, host)}; requests that go there are answered 503`);
  else if (port !== undefined && !portsOf(known).includes(port))
    warnings.push(missingPort(`${path}.port`, port, known, host));
  if (subset !== undefined && !definesSubset(lister, host, subset, namespace))
    warnings.push(
      `${path}.subset: no DestinationRule defines subset ${subset} of ${host} yet; requests that go there are answered 503`,
    );
  return warnings;
}

/** Whether some rule that the namespace may see has the subset. Which rule wins is for the compiler. */
function definesSubset(lister: Lister, host: string, subset: string, namespace: string): boolean {
  return lister.list("destinationrules.networking.istio.io").some((object) => {
    const spec = object.spec as DestinationRuleSpec;
    const own = object.metadata.namespace ?? "";
    return (
      (spec.subsets ?? []).some(({ name }) => name === subset) &&
      hostMatches(completeHost(spec.host, own), host) &&
      isExportedTo(readExportTo(spec.exportTo, own), namespace)
    );
  });
}
