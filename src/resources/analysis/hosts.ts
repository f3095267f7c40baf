import { isExportedTo } from "../export-to.ts";
import { hostMatches, serviceOfHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import { readService } from "../service/read.ts";
import type { Service } from "../service/service.ts";
import { readServiceEntry } from "../service-entry/read.ts";
import type { ServiceEntry } from "../service-entry/service-entry.ts";
import type { Lister } from "./lister.ts";

/** What a host means to callers in some namespace. */
export type KnownHost =
  | { readonly kind: "service"; readonly service: Service }
  | { readonly kind: "service-entry"; readonly entry: ServiceEntry };

export function findHost(lister: Lister, host: string, from: string): KnownHost | undefined {
  const name = serviceOfHost(host);
  const found = name && lister.get("services", name.namespace, name.name);
  if (found) return { kind: "service", service: readService(found) };
  for (const object of lister.list("serviceentries.networking.istio.io")) {
    const entry = entryOf(object);
    if (!isExportedTo(entry.exportTo, from)) continue;
    if (entry.hosts.some((pattern) => hostMatches(pattern, host)))
      return { kind: "service-entry", entry };
  }
  return undefined;
}

export function portsOf(host: KnownHost): readonly number[] {
  if (host.kind === "service") return host.service.ports.map(({ port }) => port);
  return host.entry.ports.map(({ number }) => number);
}

const entries = new WeakMap<Resource, ServiceEntry>();

function entryOf(object: Resource): ServiceEntry {
  const entry = entries.get(object) ?? readServiceEntry(object);
  entries.set(object, entry);
  return entry;
}

export function missingHost(path: string, host: string): string {
  return `${path}: no Service or ServiceEntry is named ${host} yet`;
}

export function missingPort(path: string, port: number, host: KnownHost, name: string): string {
  return `${path}: ${name} has no port ${port} (it has ${portsOf(host).join(", ") || "none"})`;
}
