import type { DestinationRuleSpec } from "../destination-rule/schema.ts";
import { isExportedTo, readExportTo } from "../export-to.ts";
import { completeHost, hostMatches } from "../names.ts";
import type { Resource } from "../resource.ts";
import type { Destination } from "../virtual-service/destination.ts";
import { readVirtualService } from "../virtual-service/read.ts";
import type { VirtualService } from "../virtual-service/virtual-service.ts";
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

/** What rules of every kind have in common: whom they ask for and where they send. */
interface Rule {
  readonly path: string;
  readonly match: readonly { readonly sourceNamespace?: string }[];
  readonly destinations: readonly Destination[];
  /** What happens to what is sent nowhere. */
  readonly failure: string;
}

function rulesOf({ http, tls, tcp }: VirtualService): readonly Rule[] {
  const failure = "connections that go there are closed";
  return [
    ...http.map(({ match, action }, i) => ({
      path: `spec.http[${i}]`,
      match,
      destinations: action.kind === "forward" ? action.destinations : [],
      failure: "requests that go there are answered 503",
    })),
    ...tls.map((rule, i) => ({ ...rule, path: `spec.tls[${i}]`, failure })),
    ...tcp.map((rule, i) => ({ ...rule, path: `spec.tcp[${i}]`, failure })),
  ];
}

function analyseRoutes(service: VirtualService, lister: Lister): readonly string[] {
  const { namespace } = service.object;
  return rulesOf(service).flatMap(({ path, match, destinations, failure }) => [
    ...match.flatMap(({ sourceNamespace }, j) =>
      sourceNamespace === undefined
        ? []
        : missingNamespace(lister, sourceNamespace, `${path}.match[${j}].sourceNamespace`),
    ),
    ...destinations.flatMap((destination, j) => {
      const place = { path: `${path}.route[${j}].destination`, failure };
      return analyseDestination(destination, place, namespace, lister);
    }),
  ]);
}

function analyseDestination(
  { host, subset, port }: Destination,
  { path, failure }: { readonly path: string; readonly failure: string },
  namespace: string,
  lister: Lister,
): readonly string[] {
  const known = findHost(lister, host, namespace);
  const warnings: string[] = [];
  if (known === undefined) warnings.push(`${missingHost(`${path}.host`, host)}; ${failure}`);
  else if (port !== undefined && !portsOf(known).includes(port))
    warnings.push(missingPort(`${path}.port`, port, known, host));
  if (subset !== undefined && !definesSubset(lister, host, subset, namespace))
    warnings.push(
      `${path}.subset: no DestinationRule defines subset ${subset} of ${host} yet; ${failure}`,
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
