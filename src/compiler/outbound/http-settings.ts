import type { HttpSettings } from "#config/listener.ts";
import { clusterDomain } from "#resources/names.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";

/** How a proxy in this namespace reads paths and short host names. */
export function httpSettings({ mesh }: MeshModel, namespace: string): HttpSettings {
  return { pathNormalization: mesh.pathNormalization, searchDomains: searchDomains(namespace) };
}

/** As a pod's resolver completes a short name, best first. */
export function searchDomains(namespace: string): readonly string[] {
  return [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
}
