// A mesh as a user would start it, one command after the other, in a data directory of its own.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiClient, connectApi } from "#cli/api/api-client.ts";
import { ownCommandLine } from "#cli/own-command-line.ts";
import { dataDirectory } from "#control/data-directory.ts";
import type { Core } from "../lab/cores.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { until } from "../lab/wait.ts";
import { processTree } from "../measure/process-table.ts";

export interface Mesh {
  readonly lab: Lab;
  readonly dataDir: string;
  readonly controlPlane: LabProcess;
  readonly api: ApiClient;
  readonly cores: MeshCores;
}

export interface MeshCores {
  readonly controlPlane: Core;
  readonly proxies: Core;
}

export interface WorkloadOptions {
  readonly name: string;
  /** Flags of `weft run` besides. */
  readonly flags?: readonly string[];
}

export interface MeshWorkload {
  /** `weft run`, the supervisor. */
  readonly process: LabProcess;
  /** The proxy of the moment. Throws when there is none. */
  proxyPid(): number;
}

/** Where every workload of the bench lives. */
export const NAMESPACE = "bench";

/** `weft dev` on free ports, with the namespace. Throws when it does not come up. */
export async function openMesh(lab: Lab, cores: MeshCores): Promise<Mesh> {
  const dataDir = join(lab.folder("mesh"), "data");
  const controlPlane = lab.start({
    name: "control-plane",
    core: cores.controlPlane,
    command: ownCommandLine(["dev", "--data-dir", dataDir, "--port", "0", "-o", "json"]),
    graceMs: 5_000,
  });
  const { announcement } = dataDirectory(dataDir);
  await until({ lab, watched: [controlPlane], what: "weft dev" }, async () => {
    if (!existsSync(announcement)) return false;
    await connectApi(dataDir).request("GET", "/version");
    return true;
  });
  const mesh = { lab, dataDir, controlPlane, api: connectApi(dataDir), cores };
  const namespace = `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "${NAMESPACE}"}}`;
  await applyYaml(mesh, "namespace", namespace);
  return mesh;
}

/** `weft apply`, until every proxy that it concerns runs it. Throws with the command's words. */
export async function applyYaml({ lab, dataDir }: Mesh, name: string, yaml: string): Promise<void> {
  const file = join(lab.folder("mesh"), `${name}.yaml`);
  writeFileSync(file, yaml);
  const command = ownCommandLine(["apply", "--data-dir", dataDir, "--wait", "-f", file]);
  const process = lab.start({ name: `apply-${name}`, core: "load", command });
  if ((await process.exited) !== 0) throw new Error(`weft apply ${name}: ${process.lastWords()}`);
}

/** `weft run` of a program that does nothing: the backend is the same process for every arm. */
export function startWorkload(mesh: Mesh, options: WorkloadOptions): MeshWorkload {
  const { name, flags = [] } = options;
  const place = ["--name", name, "--namespace", NAMESPACE, "--data-dir", mesh.dataDir];
  const command = ownCommandLine(["run", ...place, ...flags, "--", "sleep", "infinity"]);
  const process = mesh.lab.start({
    name: `run-${name}`,
    core: mesh.cores.proxies,
    command,
    graceMs: 8_000,
  });
  return { process, proxyPid: () => proxyBelow(process) };
}

function proxyBelow({ pid, name, lastWords }: LabProcess): number {
  const proxy = processTree(pid).find(({ command }) => command.includes("--bootstrap"));
  if (!proxy) throw new Error(`${name} runs no proxy: ${lastWords()}`);
  return proxy.pid;
}
