import type { Issue } from "#core/issue.ts";
import { type ExportTo, exportsOverlap, readExportTo } from "../export-to.ts";
import { identityOf, type ObjectIdentity, olderFirst } from "../identity.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import { fieldPath } from "../schema/field-path.ts";
import type { TrafficSplitSpec } from "../traffic-split/schema.ts";
import type { VirtualServiceSpec } from "../virtual-service/schema.ts";
import type { Lister } from "./lister.ts";

/** The hosts whose routing an object decides, for callers in some namespaces. */
interface Claim {
  readonly object: ObjectIdentity;
  readonly hosts: readonly { readonly host: string; readonly path: string }[];
  readonly exportTo: ExportTo;
}

const claimants: Readonly<Record<string, (object: Resource) => Claim>> = {
  "virtualservices.networking.istio.io": claimOfVirtualService,
  "trafficsplits.split.smi-spec.io": claimOfTrafficSplit,
};

function claimOfVirtualService(resource: Resource): Claim {
  const object = identityOf(resource);
  const { hosts, exportTo } = resource.spec as VirtualServiceSpec;
  return {
    object,
    hosts: hosts.map((host, i) => ({
      host: completeHost(host, object.namespace),
      path: fieldPath("spec.hosts", i),
    })),
    exportTo: readExportTo(exportTo, object.namespace),
  };
}

function claimOfTrafficSplit(resource: Resource): Claim {
  const object = identityOf(resource);
  const { service } = resource.spec as TrafficSplitSpec;
  const host = completeHost(service, object.namespace);
  return { object, hosts: [{ host, path: "spec.service" }], exportTo: { kind: "all" } };
}

const known = new WeakMap<Resource, Claim>();

function claimOf(kindKey: string, object: Resource): Claim | undefined {
  const claim = known.get(object) ?? claimants[kindKey]?.(object);
  if (claim) known.set(object, claim);
  return claim;
}

/**
 * Sidecars take the rules of one object for each host, and do not merge several: the oldest wins. A later claim of
 * the same host, for a caller that sees both, is refused, because it would silently do nothing.
 */
export function conflictingClaims(
  kindKey: string,
  object: Resource,
  lister: Lister,
): readonly Issue[] {
  const own = claimOf(kindKey, object);
  if (own === undefined) return [];
  const others = Object.keys(claimants).flatMap((key) =>
    lister.list(key).flatMap((each) => claimOf(key, each) ?? []),
  );
  const before = others
    .filter((other) => !isSame(other.object, own.object) && isBefore(other, own))
    .filter((other) => exportsOverlap(other.exportTo, own.exportTo))
    .sort((a, b) => olderFirst(a.object, b.object));
  const firsts = new Map<string, ObjectIdentity>();
  for (const { hosts, object: first } of before)
    for (const { host } of hosts) if (!firsts.has(host)) firsts.set(host, first);
  return own.hosts.flatMap(({ host, path }) => {
    const first = firsts.get(host);
    return first === undefined ? [] : [conflict(path, host, first)];
  });
}

function conflict(path: string, host: string, { kind, namespace, name }: ObjectIdentity): Issue {
  const message = `${kind} ${namespace}/${name} already has the rules for ${host}, and rules of two objects are not merged; change that one, or name another host`;
  return { path, code: "conflict", message };
}

function isSame(a: ObjectIdentity, b: ObjectIdentity): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** An object that was never stored comes after all others. */
function isBefore(a: Claim, b: Claim): boolean {
  return b.object.createdAt === "" || olderFirst(a.object, b.object) < 0;
}
