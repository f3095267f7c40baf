import type { OutboundListener } from "#config/listener.ts";
import type { Origins } from "#config/route.ts";
import type { ConfigResource } from "#config/snapshot.ts";
import type { OutboundPort, Workload } from "#config/workload.ts";
import { completeHost } from "#resources/names.ts";
import type { ConfigPool } from "../incremental/config-pool.ts";
import { InputMemo } from "../incremental/input-memo.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { serviceFor } from "../mesh/mesh-service.ts";
import { originOf } from "../origin-of.ts";
import { outboundRoutes } from "./host-compiler.ts";
import { httpSettings, searchDomains } from "./http-settings.ts";

type Listeners = readonly ConfigResource<"listener">[];

export interface OutboundListenerCompiler {
  /** The same object as long as nothing in it has changed. */
  compile(model: MeshModel, workload: Workload): Listeners;
}

export function createOutboundListenerCompiler(pool: ConfigPool): OutboundListenerCompiler {
  const listeners = new InputMemo<Listeners>();
  return {
    compile(model, workload) {
      const authorities = workload.outbound.map((port) => authorityOf(model, workload, port));
      return listeners.get(workload, [model.mesh, ...authorities], () =>
        workload.outbound.map((port, at) => {
          const value = compileListener(model, workload, port, authorities[at]);
          return pool.resource("listener", value.name, value);
        }),
      );
    },
  };
}

function compileListener(
  model: MeshModel,
  workload: Workload,
  { kind, address }: OutboundPort,
  authority: string | undefined,
): OutboundListener {
  return {
    kind: "outbound",
    name: kind === "http-proxy" ? kind : `${kind}|${address.port}`,
    address,
    mode: kind,
    ...(authority !== undefined && { authority }),
    routes: outboundRoutes,
    unknownHosts: model.mesh.outboundTrafficPolicy === "registry-only" ? "refuse" : "passthrough",
    http: httpSettings(model, workload.namespace),
    origins: originsOf(model),
  };
}

function originsOf({ mesh }: MeshModel): Origins {
  if (mesh.object === undefined) return {};
  return {
    unknownHosts: originOf(mesh.object, "spec.outboundTrafficPolicy"),
    "http.pathNormalization": originOf(mesh.object, "spec.pathNormalization"),
  };
}

/** The full name that an upstream port calls: the first completion that names a service, else as a rule would complete it. */
function authorityOf(
  model: MeshModel,
  { namespace }: Workload,
  port: OutboundPort,
): string | undefined {
  if (port.kind !== "upstream") return undefined;
  const written = port.host.toLowerCase().replace(/\.$/, "");
  const completions = [
    written,
    ...searchDomains(namespace).map((domain) => `${written}.${domain}`),
  ];
  const known = completions.find((host) => serviceFor(model, host, namespace) !== undefined);
  return `${known ?? completeHost(written, namespace)}:${port.port}`;
}
