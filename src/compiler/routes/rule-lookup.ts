import { isExportedTo } from "#resources/export-to.ts";
import type { LabelSet } from "#resources/matching.ts";
import type { TrafficSplit } from "#resources/traffic-split/traffic-split.ts";
import type { VirtualService } from "#resources/virtual-service/virtual-service.ts";
import { narrowest } from "../mesh/host-rules.ts";
import { hasLabels } from "../mesh/labels.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";

/** What rules may ask of the caller, known when compiling. */
export interface Client {
  readonly namespace: string;
  readonly labels: LabelSet;
}

/** The rule that a client's calls to a host follow: of those for the narrowest host, the oldest that the client sees. */
export function virtualServiceFor(
  model: MeshModel,
  host: string,
  client: Client,
): VirtualService | undefined {
  const rules = {
    lists: model.virtualServices,
    prefix: "",
    hasWildcards: model.wildcardRules.size > 0,
  };
  return narrowest(rules, host, (candidates) =>
    candidates.find(({ exportTo }) => isExportedTo(exportTo, client.namespace)),
  );
}

/** The oldest split of a host. */
export function trafficSplitFor(model: MeshModel, host: string): TrafficSplit | undefined {
  return model.trafficSplits.get(host)?.[0];
}

/** The part of a match that is about the caller. */
interface CallerMatch {
  readonly sourceLabels: LabelSet;
  readonly sourceNamespace?: string;
}

/** Whether the part of a match that is about the caller holds. */
export function concernsClient(match: CallerMatch, client: Client): boolean {
  const { sourceLabels, sourceNamespace } = match;
  return (
    hasLabels(client.labels, sourceLabels) &&
    (sourceNamespace === undefined || sourceNamespace === client.namespace)
  );
}

/** Clients with the same mask get the same routes from a rule; `""` when the rule asks nothing of callers. */
export function clientMask({ http, tls, tcp }: VirtualService, client: Client): string {
  const rules: readonly { readonly match: readonly CallerMatch[] }[] = [...http, ...tls, ...tcp];
  if (!rules.some(({ match }) => match.some(asksCaller))) return "";
  return rules
    .map(({ match }) => match.map((one) => (concernsClient(one, client) ? "1" : "0")).join(""))
    .join(",");
}

function asksCaller({ sourceLabels, sourceNamespace }: CallerMatch): boolean {
  for (const _ in sourceLabels) return true;
  return sourceNamespace !== undefined;
}
