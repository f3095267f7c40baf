// The server's side of a Weft pair, for generators that speak mutual TLS themselves: its port, and the client workload's own
// certificate, from where their proxies keep them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataDirectory } from "#control/data-directory.ts";
import { readStateFile } from "#proxy/config/state-file.ts";
import { until } from "../lab/wait.ts";
import type { InnerListener } from "./arm.ts";
import { type Mesh, type MeshWorkload, NAMESPACE } from "./mesh.ts";
import type { Callers } from "./weft-yaml.ts";

interface Identity {
  readonly keyPem: string;
  readonly certificatesPem: readonly string[];
  readonly rootsPem: readonly string[];
}

/** Waits until both proxies have what they need. Throws when one of them ends first. */
export async function weftInnerListener(
  mesh: Mesh,
  { server, client }: Callers,
  {
    backendPort,
    workloads,
  }: { readonly backendPort: number; readonly workloads: readonly MeshWorkload[] },
): Promise<InnerListener> {
  const instances = join(dataDirectory(mesh.dataDir).proxies, NAMESPACE);
  const watched = workloads.map(({ process }) => process);
  let port = 0;
  let identity: Identity | undefined;
  await until({ lab: mesh.lab, watched, what: `${client} has an identity` }, () => {
    const text = readFileSync(join(instances, `${server}-1`, "ports.json"), "utf8");
    port = (JSON.parse(text) as Record<string, number>)[`inbound|${backendPort}`] ?? 0;
    const file = readStateFile(join(instances, `${client}-1`, "identity"), (json) => json);
    if (file.kind === "value") identity = file.value as Identity;
    return port > 0 && (identity?.rootsPem.length ?? 0) > 0;
  });
  if (!identity) throw new Error(`${client} keeps no identity`);
  return { port, alpn: ["istio-http/1.1"], client: writeFiles(mesh, client, identity, server) };
}

function writeFiles(mesh: Mesh, client: string, identity: Identity, server: string) {
  const folder = mesh.lab.folder(`${mesh.name}/${client}-files`);
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return {
    certificate: write("client.crt", identity.certificatesPem.join("\n")),
    key: write("client.key", identity.keyPem),
    roots: write("roots.pem", identity.rootsPem.join("\n")),
    serverName: `${server}.${NAMESPACE}.svc.cluster.local`,
  };
}
