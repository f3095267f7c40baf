import type { ServiceEndpoints, SliceEndpoint } from "#resources/endpoint-slice/endpoint-slice.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import { InputMemo } from "../incremental/input-memo.ts";
import { type PeerPolicies, peerPolicies } from "../policies/mutual-tls-mode.ts";
import type { DeclaredPort, DeclaredService } from "./declared-service.ts";
import { labelsOf, selects } from "./labels.ts";
import type { MeshModel } from "./mesh-model.ts";
import type { MeshService } from "./mesh-service.ts";
import {
  type LabelledEndpoint,
  listedEndpoint,
  plainEndpoint,
  workloadEndpoint,
} from "./workload-endpoint.ts";

/** By port number, all endpoints of a service, in one agreed order. */
export type ServiceEndpointsByPort = ReadonlyMap<number, readonly LabelledEndpoint[]>;

/** Everything that the endpoints of one declaration are made from. */
interface Sources {
  readonly declared: DeclaredService;
  readonly slices: readonly ServiceEndpoints[];
  /** Those that share one label with the selector; the others are compared one by one. */
  readonly candidates: readonly WorkloadEntry[];
  readonly policies: PeerPolicies;
  readonly trustDomain: string;
}

const none: readonly never[] = [];
/** Nothing here depends on the client, so only the newest is ever asked for again. */
const memo = new InputMemo<ServiceEndpointsByPort>(2);

/** The same object as long as nothing about the endpoints has changed. */
export function endpointsOf(model: MeshModel, service: MeshService): ServiceEndpointsByPort {
  const sources = service.declarations.map((declared) => sourcesOf(model, declared));
  const inputs = sources.flatMap(({ slices, candidates, policies, trustDomain }) => [
    slices,
    candidates,
    policies.own,
    policies.root,
    trustDomain,
  ]);
  return memo.get(service, inputs, () => collect(sources));
}

function collect(sources: readonly Sources[]): ServiceEndpointsByPort {
  const byPort = new Map<number, LabelledEndpoint[]>();
  for (const source of sources) {
    const workloads = source.candidates.filter((entry) =>
      selects(source.declared.selector, labelsOf(entry)),
    );
    for (const port of source.declared.ports) {
      const endpoints = byPort.get(port.number) ?? [];
      byPort.set(port.number, endpoints);
      addEndpoints(endpoints, port, source, workloads);
    }
  }
  return new Map([...byPort].map(([port, endpoints]) => [port, inOrder(endpoints)]));
}

function sourcesOf(model: MeshModel, declared: DeclaredService): Sources {
  const { namespace, name, kind } = declared.object;
  return {
    declared,
    slices: kind === "Service" ? (model.endpoints.get(`${namespace}/${name}`) ?? none) : none,
    candidates: candidatesFor(model, declared),
    policies: peerPolicies(model, namespace),
    trustDomain: model.world.trustDomain,
  };
}

function candidatesFor(model: MeshModel, declared: DeclaredService): readonly WorkloadEntry[] {
  const lists = declared.selectorKeys.map((key) => model.workloads.get(key) ?? none);
  return lists.reduce((a, b) => (b.length < a.length ? b : a), lists[0] ?? none);
}

function addEndpoints(
  endpoints: LabelledEndpoint[],
  port: DeclaredPort,
  source: Sources,
  workloads: readonly WorkloadEntry[],
): void {
  const { declared, policies, trustDomain } = source;
  const context = { policies, trustDomain, namespace: declared.object.namespace };
  for (const entry of declared.listed) {
    const endpoint = listedEndpoint(entry, port, context);
    if (endpoint !== undefined) endpoints.push(endpoint);
  }
  endpoints.push(...sliceEndpoints(source, port, workloads));
  for (const entry of workloads) {
    const endpoint = workloadEndpoint(entry, port, context);
    if (endpoint !== undefined) endpoints.push(endpoint);
  }
}

/** Who answers at an address of a slice is not known, so it is called in plaintext; workloads that are known count once. */
function sliceEndpoints(
  { declared, slices }: Sources,
  port: DeclaredPort,
  workloads: readonly WorkloadEntry[],
): readonly LabelledEndpoint[] {
  if (slices.length === 0) return none;
  const isKnown = ({ target }: SliceEndpoint): boolean =>
    target?.kind === "WorkloadEntry" && workloads.some(({ object }) => object.name === target.name);
  return slices
    .flatMap(({ groups }) => groups)
    .flatMap(({ ports, endpoints }) => {
      const target = ports.find(({ name }) => name === port.name);
      if (target === undefined) return [];
      return endpoints
        .filter((endpoint) => (endpoint.ready || declared.usesNotReady) && !isKnown(endpoint))
        .map(({ address }) => ({
          endpoint: plainEndpoint({ host: address, port: target.port }),
          labels: {},
        }));
    });
}

/** By address, each once; the last that claims it counts. */
function inOrder(endpoints: readonly LabelledEndpoint[]): readonly LabelledEndpoint[] {
  const sorted = endpoints.toSorted(byAddress);
  return sorted.filter((item, at) => {
    const next = sorted[at + 1];
    return next === undefined || byAddress(item, next) !== 0;
  });
}

function byAddress({ endpoint: a }: LabelledEndpoint, { endpoint: b }: LabelledEndpoint): number {
  if (a.address.host !== b.address.host) return a.address.host < b.address.host ? -1 : 1;
  const [left = "", right = ""] = [a.address.path, b.address.path];
  if (left !== right) return left < right ? -1 : 1;
  return a.address.port - b.address.port;
}
