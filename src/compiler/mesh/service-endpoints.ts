import type { SocketAddress } from "#config/cluster.ts";
import type { ServiceEndpoints, SliceEndpoint } from "#resources/endpoint-slice/endpoint-slice.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import { InputMemo } from "../incremental/input-memo.ts";
import { type PeerPolicies, peerPolicies } from "../policies/mutual-tls-mode.ts";
import type { DeclaredPort, DeclaredService } from "./declared-service.ts";
import { labelKeys, labelsOf, selects } from "./labels.ts";
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
const memo = new InputMemo<ServiceEndpointsByPort>();

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
  return memo.get(service, inputs, () => {
    const numbers = service.ports.map(({ number }) => number);
    return new Map(
      numbers.map((number) => [
        number,
        inOrder(sources.flatMap((source) => endpointsOfPort(source, number))),
      ]),
    );
  });
}

/** WorkloadEntries that are endpoints of a declaration. */
function selectedBy({ declared, candidates }: Sources): readonly WorkloadEntry[] {
  return candidates.filter((entry) => selects(declared.selector, labelsOf(entry)));
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
  const keys = labelKeys(declared.object.namespace, declared.selector ?? {});
  const lists = keys.map((key) => model.workloads.get(key) ?? none);
  return lists.reduce((a, b) => (b.length < a.length ? b : a), lists[0] ?? none);
}

function endpointsOfPort(sources: Sources, number: number): readonly LabelledEndpoint[] {
  const { declared, policies, trustDomain } = sources;
  const port = declared.ports.find((port) => port.number === number);
  if (port === undefined) return [];
  const { namespace } = declared.object;
  const context = { policies, trustDomain, namespace };
  const workloads = selectedBy(sources);
  return [
    ...declared.listed.flatMap((entry) => listedEndpoint(entry, port, context) ?? []),
    ...sliceEndpoints(sources, port, workloads),
    ...workloads.flatMap((entry) => workloadEndpoint(entry, port, context) ?? []),
  ];
}

/** Who answers at an address of a slice is not known, so it is called in plaintext; workloads that are known count once. */
function sliceEndpoints(
  { declared, slices }: Sources,
  port: DeclaredPort,
  workloads: readonly WorkloadEntry[],
): readonly LabelledEndpoint[] {
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

/** By address, each once. */
function inOrder(endpoints: readonly LabelledEndpoint[]): readonly LabelledEndpoint[] {
  const byAddress = new Map<string, LabelledEndpoint>();
  for (const item of endpoints) byAddress.set(addressKey(item.endpoint.address), item);
  return [...byAddress.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function addressKey({ host, port }: SocketAddress): string {
  return `${host} ${port}`;
}
