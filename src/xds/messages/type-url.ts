import { type ConfigType, configTypes } from "#config/snapshot.ts";

const TYPE_URLS: Readonly<Record<ConfigType, string>> = {
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  "virtual-host": "type.googleapis.com/envoy.config.route.v3.VirtualHost",
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
};

const TYPES = new Map<string, ConfigType>(configTypes.map((type) => [TYPE_URLS[type], type]));

export function typeUrlOf(type: ConfigType): string {
  return TYPE_URLS[type];
}

/** Undefined for types that Weft does not serve. */
export function typeOfUrl(typeUrl: string): ConfigType | undefined {
  return TYPES.get(typeUrl);
}
