import type { Cluster } from "./cluster.ts";
import type { EndpointSet } from "./endpoint.ts";
import type { Listener } from "./listener.ts";
import type { RouteConfiguration, VirtualHost } from "./route.ts";
import type { Secret } from "./secret.ts";

/** The value of each type of configuration resource, by the word that we use for the type. */
export interface ConfigTypes {
  readonly listener: Listener;
  readonly route: RouteConfiguration;
  /** Named `<route configuration>/<virtual host>`. */
  readonly "virtual-host": VirtualHost;
  readonly cluster: Cluster;
  readonly endpoints: EndpointSet;
  readonly secret: Secret;
}

export type ConfigType = keyof ConfigTypes;

/** Make before break: what is pointed at comes before what points. */
export const configTypes: readonly ConfigType[] = [
  "secret",
  "cluster",
  "endpoints",
  "listener",
  "route",
  "virtual-host",
];

/**
 * One named resource. Shared by every proxy that sees it, compared by identity: the same content compiled again is
 * the same object, so that `===` means "nothing changed".
 */
export interface ConfigResource<T extends ConfigType = ConfigType> {
  readonly type: T;
  readonly name: string;
  readonly value: ConfigTypes[T];
  /** Hash of the content; survives a restart of the control plane. */
  readonly version: string;
}

/** All that one proxy runs. Immutable; replaced whole. */
export interface Snapshot {
  readonly listener: ReadonlyMap<string, ConfigResource<"listener">>;
  readonly route: ReadonlyMap<string, ConfigResource<"route">>;
  readonly "virtual-host": ReadonlyMap<string, ConfigResource<"virtual-host">>;
  readonly cluster: ReadonlyMap<string, ConfigResource<"cluster">>;
  readonly endpoints: ReadonlyMap<string, ConfigResource<"endpoints">>;
  readonly secret: ReadonlyMap<string, ConfigResource<"secret">>;
}

export const emptySnapshot: Snapshot = {
  listener: new Map(),
  route: new Map(),
  "virtual-host": new Map(),
  cluster: new Map(),
  endpoints: new Map(),
  secret: new Map(),
};
