import type { Destination } from "#config/cluster.ts";
import type { MetricsRegistry } from "./metrics-registry.ts";
import {
  type PairLabels,
  type RequestSeries,
  unknownWorkload,
  type WorkloadLabels,
} from "./series.ts";

/** The caller of one inbound connection. */
export interface InboundCaller {
  /** SPIFFE ID without `spiffe://`. */
  readonly principal: string | undefined;
  readonly namespace: string | undefined;
  /** Its own `weft-peer`; believed only beside a principal. */
  readonly peerLine: string | undefined;
}

/** What one caller's requests to this workload are counted in. */
export function inboundSeries(
  metrics: MetricsRegistry,
  self: WorkloadLabels,
  destination: Destination | undefined,
  caller: InboundCaller,
): RequestSeries {
  return metrics.requests(inboundPair(self, destination, caller));
}

export function inboundPair(
  self: WorkloadLabels,
  destination: Destination | undefined,
  caller: InboundCaller,
): PairLabels {
  return {
    reporter: "destination",
    source: sourceLabels(caller),
    destination: self,
    destinationService: destination?.host ?? "unknown",
    destinationServiceName: destination?.service ?? self.app,
    destinationServiceNamespace: destination?.namespace ?? self.namespace,
    connectionSecurityPolicy: caller.principal === undefined ? "none" : "mutual_tls",
  };
}

function sourceLabels({ principal, namespace, peerLine }: InboundCaller): WorkloadLabels {
  if (principal === undefined) return unknownWorkload;
  const told = new URLSearchParams(peerLine ?? "");
  const word = (key: string): string => (told.get(key) || "unknown").slice(0, LABEL_LENGTH_MAX);
  return {
    workload: word("name"),
    namespace: namespace ?? "unknown",
    principal: `spiffe://${principal}`,
    app: word("app"),
    version: word("version"),
    canonicalService: word("service"),
    canonicalRevision: word("revision"),
  };
}

const LABEL_LENGTH_MAX = 253;

/** What a workload says of itself in `weft-peer`: names only, since the namespace is proved by its certificate. */
export function peerLineOf(self: WorkloadLabels): string {
  return new URLSearchParams({
    name: self.workload,
    app: self.app,
    version: self.version,
    service: self.canonicalService,
    revision: self.canonicalRevision,
  }).toString();
}
