import type { Authorization } from "#config/authorization.ts";
import type { Cluster } from "#config/cluster.ts";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import type { Host } from "#proxy/upstream/host.ts";
import {
  bytesTo,
  destination,
  endpoint,
  inboundCluster,
  inboundListener,
  outboundResources,
  resource,
  upstreamListener,
} from "./proxy-config.ts";
import { freshIssuer, idOf, type RunningPlane, runPlane } from "./running-plane.ts";

export interface PairOptions {
  readonly appPort: number;
  readonly outbound?: Partial<Cluster>;
  readonly inbound?: Partial<Cluster>;
  /** What the port carries; absent: whatever comes is looked at, and only requests are routed. */
  readonly content?: "tcp" | "detect";
  /** Of the side that is called. */
  readonly authorization?: Authorization;
}

/** Web calls payments through two proxies, by a loopback port of its own. */
export async function pair({ appPort, outbound, inbound, content, authorization }: PairOptions) {
  const issuer = freshIssuer();
  const name = `inbound|${appPort}`;
  const requests = inboundListener(appPort, "strict", authorization);
  const listener = content === undefined ? requests : { ...requests, content };
  const payments = await runPlane({
    name: "payments",
    issuer,
    sockets: [name],
    resources: [
      resource("listener", listener),
      resource("cluster", { ...inboundCluster(appPort), ...inbound }),
    ],
  });
  const to = endpoint(payments.port(name), {
    identities: [idOf("payments")],
    transports: ["istio-mtls"],
  });
  const transport = { kind: "mtls", sni: "payments", extraIdentities: [] } as const;
  const web = await leadingTo([to], { transport, ...outbound }, { issuer }, content);
  return {
    ...web,
    payments,
    [Symbol.asyncDispose]: async () => {
      await web[Symbol.asyncDispose]();
      await payments[Symbol.asyncDispose]();
    },
  };
}

/** A loopback port of a proxy that leads to these endpoints. */
export async function leadingTo(
  endpoints: readonly ReturnType<typeof endpoint>[],
  more: Partial<Cluster> = {},
  plane: Partial<Parameters<typeof runPlane>[0]> = {},
  content?: ConnectionRoutes["content"],
) {
  const listener = upstreamListener("upstream|1", "payments");
  const to = destination("payments", endpoints, {
    cluster: more,
    ...(content && { connections: bytesTo("payments", content) }),
  });
  const resources = outboundResources([to], listener);
  const web = await runPlane({ name: "web", sockets: ["upstream|1"], resources, ...plane });
  return {
    web,
    port: web.port("upstream|1"),
    host: () => hostOf(web),
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

function hostOf({ plane }: RunningPlane): Host {
  const [host] = plane.clusters.get("payments")?.hosts ?? [];
  if (host === undefined) throw new Error("there is no host");
  return host;
}
