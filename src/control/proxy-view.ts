import { type ConfigType, configTypes } from "#config/snapshot.ts";
import type { ProxySession } from "./sessions/proxy-sessions.ts";
import type { TypeSync } from "./sessions/sync-table.ts";
import type { SeenProtocols } from "./signals/seen-protocols.ts";

/** One proxy as `weft proxies -o json` shows it. */
export interface ProxyView {
  readonly name: string;
  readonly namespace: string;
  readonly app: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Weft's version. */
  readonly version: string;
  readonly node: string;
  readonly connectedAt: string;
  readonly addresses: ProxyAddresses;
  /** Where nobody said what is spoken, what the proxy has seen. */
  readonly seenProtocols: readonly SeenProtocols[];
  /** By Envoy's names of the types. */
  readonly sync: Readonly<Record<SyncColumn, TypeSync>>;
}

export interface ProxyAddresses {
  /** Per port of the application, where the proxy accepts for it. */
  readonly inbound: readonly { readonly workloadPort: number; readonly address: string }[];
  readonly outbound: readonly {
    readonly kind: string;
    readonly address: string;
    /** `upstream` only. */
    readonly destination?: string;
  }[];
  readonly admin: string;
  /** `/stats/prometheus` is served here. */
  readonly metrics?: string;
}

/** Istio's column names. */
export type SyncColumn = "CDS" | "LDS" | "EDS" | "RDS" | "VHDS" | "SDS";

const columnOf: Readonly<Record<ConfigType, SyncColumn>> = {
  cluster: "CDS",
  listener: "LDS",
  endpoints: "EDS",
  route: "RDS",
  "virtual-host": "VHDS",
  secret: "SDS",
};

export function viewOf(session: ProxySession, seenProtocols: readonly SeenProtocols[]): ProxyView {
  const { workload, nodeId, connectedAtMs, sync } = session;
  const status = configTypes.map((type) => [columnOf[type], sync.status(type)] as const);
  return {
    name: workload.name,
    namespace: workload.namespace,
    app: workload.app,
    serviceAccount: workload.serviceAccount,
    labels: workload.labels,
    version: workload.version,
    node: nodeId,
    connectedAt: new Date(connectedAtMs).toISOString(),
    addresses: addressesOf(session),
    seenProtocols,
    sync: Object.fromEntries(status) as Record<SyncColumn, TypeSync>,
  };
}

function addressesOf({
  workload: { inbound, outbound, admin, metrics },
}: ProxySession): ProxyAddresses {
  const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;
  return {
    inbound: inbound.map(({ workloadPort, address }) => ({ workloadPort, address: text(address) })),
    outbound: outbound.map((port) => ({
      kind: port.kind,
      address: text(port.address),
      ...(port.kind === "upstream" ? { destination: `${port.host}:${port.port}` } : {}),
    })),
    admin: text(admin),
    ...(metrics === undefined ? {} : { metrics: text(metrics) }),
  };
}
