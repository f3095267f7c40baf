// The column MESHED of `weft stat`: how many of a service's endpoints are workloads of the mesh.
import type { DeclaredService } from "#compiler/mesh/declared-service.ts";
import { labelsOf, selects } from "#compiler/mesh/labels.ts";
import { endpointKinds, readWorkload, serviceKinds } from "#compiler/mesh/read-object.ts";
import type { World } from "#compiler/world.ts";
import type { LabelSet } from "#resources/matching.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import { inboundAnnotation } from "../registration/workload-objects.ts";

export interface MeshedWorkloads {
  /** Those that answer mutual TLS: they have a proxy of Weft's, or say so with Istio's label. */
  readonly meshed: number;
  readonly workloads: number;
}

interface Wanted {
  readonly namespace: string;
  readonly service: string;
  /** `unknown` for all. */
  readonly version: string;
}

const workloadKind = "workloadentries.networking.istio.io";
const tlsMode = "security.istio.io/tlsMode";

/** Looks them up in one world. Undefined for a service that is not declared, or has no endpoints of its own. */
export function meshedWorkloads(world: World): (wanted: Wanted) => MeshedWorkloads | undefined {
  const declared = declaredByName(world);
  const workloads = workloadsByNamespace(world);
  const listed = listedByService(world);
  return ({ namespace, service, version }) => {
    const key = `${namespace}/${service}`;
    const found = declared.get(key);
    if (found === undefined) return undefined;
    const selected = (workloads.get(namespace) ?? []).filter(({ labels }) =>
      selects(found.selector, labels),
    );
    const own = found.listed.map(({ labels }) => ({ labels, isMeshed: saysMutual(labels) }));
    const all = [...selected, ...own, ...(listed.get(key) ?? [])].filter(
      ({ labels }) => version === "unknown" || version === "" || labels.version === version,
    );
    if (all.length === 0) return undefined;
    return { meshed: all.filter(({ isMeshed }) => isMeshed).length, workloads: all.length };
  };
}

interface Endpoint {
  readonly labels: LabelSet;
  readonly isMeshed: boolean;
}

const saysMutual = (labels: LabelSet): boolean => labels[tlsMode] === "istio";

const isInMesh = (entry: WorkloadEntry): boolean =>
  (entry.object.annotations[inboundAnnotation] ?? "{}") !== "{}" || saysMutual(labelsOf(entry));

function declaredByName(world: World): ReadonlyMap<string, DeclaredService> {
  const found = new Map<string, DeclaredService>();
  for (const { kind, read } of serviceKinds)
    for (const resource of world.objects(kind).values())
      for (const service of read(resource))
        found.set(`${service.object.namespace}/${service.name}`, service);
  return found;
}

function workloadsByNamespace(world: World): ReadonlyMap<string, readonly Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const resource of world.objects(workloadKind).values()) {
    const entry = readWorkload(resource);
    if (entry === undefined) continue;
    const { namespace } = entry.object;
    const all = found.get(namespace) ?? [];
    found.set(namespace, all);
    all.push({ labels: labelsOf(entry), isMeshed: isInMesh(entry) });
  }
  return found;
}

/** By Endpoints and EndpointSlices: an address is in the mesh when it is that of a workload that is. */
function listedByService(world: World): ReadonlyMap<string, readonly Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const { kind, read } of endpointKinds)
    for (const resource of world.objects(kind).values())
      for (const { object, service, groups } of read(resource)) {
        const key = `${object.namespace}/${service}`;
        const all = found.get(key) ?? [];
        found.set(key, all);
        for (const { target } of groups.flatMap(({ endpoints }) => endpoints)) {
          const named = target?.kind === "WorkloadEntry" ? target.name : undefined;
          all.push(endpointOf(world, object.namespace, named));
        }
      }
  return found;
}

function endpointOf(world: World, namespace: string, name: string | undefined): Endpoint {
  const resource =
    name === undefined ? undefined : world.objects(workloadKind).get(`${namespace}/${name}`);
  const entry = resource && readWorkload(resource);
  if (entry === undefined) return { labels: {}, isMeshed: false };
  return { labels: labelsOf(entry), isMeshed: isInMesh(entry) };
}
