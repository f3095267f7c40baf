import type { InboundListener } from "#config/listener.ts";
import { describeOrigin } from "#config/origin.ts";
import {
  type ConfigResource,
  type ConfigType,
  emptySnapshot,
  type Snapshot,
} from "#config/snapshot.ts";
import {
  type CompiledAuthorization,
  compileAuthorization,
  compileConnectionAuthorization,
} from "../policy/authorize.ts";
import { compileHost } from "../router/compiled-route.ts";
import type { RouteTable } from "../router/plan-request.ts";
import { RouteTables } from "../router/route-tables.ts";

/** Everything of a snapshot that is made ready before the first request sees it. */
export interface CompiledConfig {
  readonly snapshot: Snapshot;
  readonly tables: ReadonlyMap<string, RouteTable>;
  readonly inbound: ReadonlyMap<string, CompiledInbound>;
}

export interface CompiledInbound {
  readonly config: InboundListener;
  readonly authorization: CompiledAuthorization;
  readonly connectionAuthorization: CompiledAuthorization;
}

/** What can be asked of a snapshot that passed. */
export type Compiled =
  | { readonly kind: "compiled"; readonly config: CompiledConfig }
  /** Names the resource at fault, the user's object behind it, and what is wrong. */
  | { readonly kind: "refused"; readonly reason: string };

/** Compiles snapshots, each reusing what the one before has in common with it. A refused snapshot leaves no trace. */
export class ConfigCompiler {
  readonly #tables = new RouteTables();
  #inbound = new Map<string, CompiledInbound>();

  compile(snapshot: Snapshot): Compiled {
    try {
      const tables = this.#tables.compile(snapshot);
      const inbound = new Map<string, CompiledInbound>();
      for (const [name, { value }] of snapshot.listener)
        if (value.kind === "inbound") inbound.set(name, this.#compileInbound(name, value));
      this.#inbound = inbound;
      return { kind: "compiled", config: { snapshot, tables, inbound } };
    } catch (cause) {
      return { kind: "refused", reason: culprits(snapshot, cause) };
    }
  }

  #compileInbound(name: string, config: InboundListener): CompiledInbound {
    const known = this.#inbound.get(name);
    if (known?.config === config) return known;
    return {
      config,
      authorization: compileAuthorization(config.authorization),
      connectionAuthorization: compileConnectionAuthorization(config.authorization),
    };
  }
}

/** Compiles the resources one by one to find the ones at fault: slow, and only done for what is refused. */
function culprits(snapshot: Snapshot, cause: unknown): string {
  const found: string[] = [];
  const check = (resource: ConfigResource<ConfigType>, compile: () => void): void => {
    try {
      compile();
    } catch (error) {
      found.push(`${resource.type} ${resource.name}${originOf(resource)}: ${messageOf(error)}`);
    }
  };
  for (const resource of snapshot["virtual-host"].values())
    check(resource, () => compileHost(resource.value));
  for (const resource of snapshot.route.values())
    check(resource, () => resource.value.virtualHosts.forEach(compileHost));
  for (const resource of snapshot.listener.values()) {
    const { value } = resource;
    if (value.kind === "outbound") continue;
    check(resource, () => value.routes.virtualHosts.forEach(compileHost));
    check(resource, () => compileAuthorization(value.authorization));
  }
  return found.length === 0 ? messageOf(cause) : found.join("; ");
}

function originOf({ value }: ConfigResource<ConfigType>): string {
  const origin = "origins" in value ? value.origins[""] : undefined;
  return origin === undefined ? "" : ` (${describeOrigin(origin)})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A proxy that has nothing yet. */
export const emptyConfig: CompiledConfig = {
  snapshot: emptySnapshot,
  tables: new Map(),
  inbound: new Map(),
};
