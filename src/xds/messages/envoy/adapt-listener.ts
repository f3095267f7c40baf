import type { Listener } from "#config/listener.ts";
import { toDuration } from "../duration.ts";
import type { Listener as ListenerMessage } from "../generated/envoy/config/listener/v3/listener.ts";
import { toListener } from "../listener.ts";
import { adaptFilters, type ManagerEdits, proxyAuthorization } from "./adapt-manager.ts";
import { adaptDownstreamTls } from "./adapt-tls.ts";
import type { EnvoyClient } from "./envoy-client.ts";
import { outsideMeshFilter } from "./outside-mesh.ts";
import { policySlots } from "./policies.ts";

/** A caller that has said nothing by then counts as plaintext, as our own proxies have it. */
const DETECTION_MS = 3_000;

/** The listener that our own proxies get, with what only an Envoy has to be told. */
export function toEnvoyListener(listener: Listener, client: EnvoyClient): ListenerMessage {
  const message = toListener(listener);
  const edits = editsOf(listener, client);
  return {
    ...message,
    // Notes on policies are in it: a listener that changes drains its connections.
    metadata: listener.kind === "inbound" ? undefined : message.metadata,
    listenerFiltersTimeout: toDuration(DETECTION_MS),
    continueOnListenerFiltersTimeout: true,
    filterChains: message.filterChains.map((chain) => ({
      ...chain,
      transportSocket: adaptDownstreamTls(chain.transportSocket, client.trustDomain),
      filters: adaptFilters(chain.filters, edits, client),
    })),
  };
}

function editsOf(listener: Listener, client: EnvoyClient): ManagerEdits {
  if (listener.kind === "inbound")
    return { direction: "inbound", routes: listener.name, filters: policySlots() };
  const outside = listener.unknownHosts === "passthrough" ? [outsideMeshFilter()] : [];
  if (listener.mode === "upstream")
    return { direction: "outbound", routes: listener.name, filters: outside };
  const credentials = client.workload.engine?.credentials;
  const guard = credentials === undefined ? [] : [proxyAuthorization(credentials)];
  return { direction: "outbound", acceptsConnect: true, filters: [...guard, ...outside] };
}
