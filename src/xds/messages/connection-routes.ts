// Routes of connections hang on a virtual host, for which Envoy has no words (there they belong to listeners): they travel
// in our metadata, as one text, because a protobuf Struct costs a message per value.
import type {
  ConnectionRoutes,
  ConnectionTarget,
  TcpRoute,
  TlsRoute,
} from "#config/connection-routes.ts";
import { asFields, asList, asNumber, asString, asStrings, parseJson } from "./metadata.ts";

export function toConnectionText({ content, addresses, tls, tcp }: ConnectionRoutes): string {
  return JSON.stringify([
    content,
    addresses,
    tls.map((route) => ({ serverNames: route.serverNames, ...toRoute(route) })),
    tcp.map(toRoute),
  ]);
}

/** Reads leniently: the caller compares what was read, written again, with what arrived. */
export function fromConnectionText(text: unknown): ConnectionRoutes {
  const [content, addresses, tls, tcp] = asList(parseJson(text));
  return {
    content: content === "tcp" || content === "tls" ? content : "detect",
    addresses: asStrings(addresses),
    tls: asList(tls).map((route): TlsRoute => {
      const { serverNames, ...rest } = asFields(route);
      return { serverNames: asStrings(serverNames), ...fromRoute(rest) };
    }),
    tcp: asList(tcp).map(fromRoute),
  };
}

function toRoute({ subnets, clusters }: TcpRoute) {
  return { subnets, clusters: clusters.map(({ cluster, weight }) => [cluster, weight]) };
}

function fromRoute(route: unknown): TcpRoute {
  const { subnets, clusters } = asFields(route);
  return { subnets: asStrings(subnets), clusters: asList(clusters).map(fromTarget) };
}

function fromTarget(target: unknown): ConnectionTarget {
  const [cluster, weight] = asList(target);
  return { cluster: asString(cluster), weight: asNumber(weight) };
}
