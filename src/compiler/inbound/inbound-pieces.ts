import type { Cluster, Destination } from "#config/cluster.ts";
import type { InboundListener } from "#config/listener.ts";
import { noHeaderEdits, type RouteConfiguration } from "#config/route.ts";
import type { ConfigResource } from "#config/snapshot.ts";
import type { InboundPort, Workload } from "#config/workload.ts";
import { inboundClusterName } from "../clusters/cluster-name.ts";
import type { ConfigPool } from "../incremental/config-pool.ts";
import { InputMemo } from "../incremental/input-memo.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { httpSettings } from "../outbound/http-settings.ts";
import {
  compileAuthorization,
  type NamespacePolicies,
  namespacePolicies,
} from "../policies/authorization.ts";
import { effectiveMode, type PeerPolicies, peerPolicies } from "../policies/mutual-tls-mode.ts";
import { inboundRetryPolicy } from "../routes/retry-policy.ts";
import { anyRequest } from "../routes/route-match.ts";
import { type Served, servedDestination, servedProtocol } from "./served-destination.ts";

/** What one port of the application needs: where it is reached, under which rules, and the way to it. */
export interface InboundPieces {
  readonly listener: ConfigResource<"listener">;
  readonly cluster: ConfigResource<"cluster">;
}

export interface InboundCompiler {
  /** The same object as long as nothing in it has changed. */
  compile(model: MeshModel, workload: Workload): readonly InboundPieces[];
}

export function createInboundCompiler(pool: ConfigPool): InboundCompiler {
  const pieces = new InputMemo<readonly InboundPieces[]>();
  return {
    compile(model, workload) {
      const peers = peerPolicies(model, workload.namespace);
      const policies = namespacePolicies(model, workload.namespace);
      const ports = workload.inbound.map((port) => ({
        port,
        destination: servedDestination(model, workload, port),
        served: servedProtocol(model, workload, port),
      }));
      const inputs = [
        peers.own,
        peers.root,
        policies.own,
        policies.root,
        model.mesh,
        model.world.trustDomain,
        ...ports.map(({ destination }) => destination && Object.values(destination).join()),
        ...ports.map(({ served }) => Object.values(served).join()),
      ];
      return pieces.get(workload, inputs, () =>
        ports.map((port) => {
          const facts = { model, workload, peers, policies, ...port };
          const listener = compileInboundListener(facts);
          const cluster = compileInboundCluster(facts);
          return {
            listener: pool.resource("listener", listener.name, listener),
            cluster: pool.resource("cluster", cluster.name, cluster),
          };
        }),
      );
    },
  };
}

interface PortFacts {
  readonly model: MeshModel;
  readonly workload: Workload;
  readonly port: InboundPort;
  readonly peers: PeerPolicies;
  readonly policies: NamespacePolicies;
  /** Whom callers mean when they end up here; undefined when no service leads here. */
  readonly destination: Destination | undefined;
  readonly served: Served;
}

function compileInboundListener(facts: PortFacts): InboundListener {
  const { model, workload, port, peers, policies, served } = facts;
  const { mode, origin } = effectiveMode(peers, workload.labels, port.workloadPort);
  return {
    kind: "inbound",
    name: `inbound|${port.workloadPort}`,
    address: port.address,
    workloadPort: port.workloadPort,
    mtls: mode,
    ...(served.content !== "detect" && { content: served.content }),
    authorization: compileAuthorization(policies, workload.labels, model.world.trustDomain),
    routes: inboundRoutes(port.workloadPort),
    http: httpSettings(model, workload.namespace),
    origins: origin === undefined ? {} : { mtls: origin },
  };
}

function inboundRoutes(workloadPort: number): RouteConfiguration {
  const edits = { requestHeaders: noHeaderEdits, responseHeaders: noHeaderEdits };
  const cluster = { cluster: inboundClusterName(workloadPort), weight: 1, ...edits };
  const action = { kind: "forward", clusters: [cluster], retry: inboundRetryPolicy } as const;
  return {
    name: inboundClusterName(workloadPort),
    vhds: false,
    virtualHosts: [
      {
        name: `inbound|http|${workloadPort}`,
        domains: ["*"],
        routes: [{ name: "default", match: anyRequest, action, ...edits }],
        origins: {},
      },
    ],
  };
}

const hourMs = 3_600_000;

function compileInboundCluster({ model, port, destination, served }: PortFacts): Cluster {
  const { connectTimeoutMs, retryBudget } = model.mesh;
  const { percent, minConcurrency } = retryBudget;
  return {
    name: inboundClusterName(port.workloadPort),
    discovery: { kind: "static", endpoints: [{ host: "127.0.0.1", port: port.workloadPort }] },
    connectTimeoutMs,
    balancer: { kind: "round-robin" },
    limits: { maxRequestsPerConnection: 0 },
    retryBudget: { percent, minConcurrency },
    transport: { kind: "plain" },
    ...(served.protocol !== undefined && { protocol: served.protocol }),
    idleTimeoutMs: hourMs,
    ...(destination !== undefined && { destination }),
    origins: {},
  };
}
