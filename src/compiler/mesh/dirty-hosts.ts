import type { ObjectIdentity } from "#resources/identity.ts";
import { rootNamespace } from "#resources/mesh-config/mesh-config.ts";
import { hostMatches, serviceHost } from "#resources/names.ts";
import type { Replacement } from "../incremental/sorted-lists.ts";
import { labelKeys, labelsOf } from "./labels.ts";
import type { MeshChanges, MeshModel } from "./mesh-model.ts";

/** Hosts whose configuration may be different; `all` when a mesh-wide setting is. */
export type DirtyHosts = ReadonlySet<string> | "all";

/** The change index: from what is different to the hosts that are compiled again. `model` is the one after the change. */
export function dirtyHosts(model: MeshModel, changes: MeshChanges): DirtyHosts {
  if (changes.mesh) return "all";
  const hosts = new Set<string>();
  for (const { host, addresses } of either(changes.services)) {
    hosts.add(host);
    for (const other of addresses.flatMap((address) => model.addresses.get(address) ?? []))
      hosts.add(other.host);
    // Routes without a port ask how many ports their destination has.
    for (const sender of model.senders.get(host) ?? []) addMatching(model, sender.hosts, hosts);
  }
  for (const entry of either(changes.workloads))
    for (const key of labelKeys(entry.object.namespace, labelsOf(entry)))
      for (const { host } of model.selecting.get(key) ?? []) hosts.add(host);
  for (const { object, service } of either(changes.endpoints))
    hosts.add(serviceHost(service, object.namespace));
  for (const rule of either(changes.virtualServices)) addMatching(model, rule.hosts, hosts);
  for (const rule of either(changes.destinationRules)) addMatching(model, [rule.host], hosts);
  for (const { service } of either(changes.trafficSplits)) hosts.add(service);
  const namespaces = new Set([...either(changes.peerAuthentications)].map(namespaceOf));
  if (namespaces.size > 0) addServicesOf(model, namespaces, hosts);
  return hosts;
}

function* either<T>(replacements: readonly Replacement<T>[]): Generator<T> {
  for (const { before, after } of replacements) {
    if (before !== undefined) yield before;
    if (after !== undefined) yield after;
  }
}

function namespaceOf({ object }: { readonly object: ObjectIdentity }): string {
  return object.namespace;
}

function addMatching(model: MeshModel, patterns: readonly string[], hosts: Set<string>): void {
  for (const pattern of patterns) {
    hosts.add(pattern);
    if (!pattern.startsWith("*")) continue;
    for (const host of model.services.keys()) if (hostMatches(pattern, host)) hosts.add(host);
  }
}

/** What the endpoints of a namespace accept tells callers how to come. */
function addServicesOf(
  model: MeshModel,
  namespaces: ReadonlySet<string>,
  hosts: Set<string>,
): void {
  const everywhere = namespaces.has(rootNamespace);
  for (const declared of model.services.values())
    for (const { object, host } of declared)
      if (everywhere || namespaces.has(object.namespace)) hosts.add(host);
}
