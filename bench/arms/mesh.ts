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
  /** Unique in the lab. */
  readonly name: string;
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
  /** Unique in the mesh. */
  readonly name: string;
  /** Flags of `weft run` besides. */
  readonly flags?: readonly string[];
  /** Path of the Envoy that carries its traffic; absent: Weft's own proxy does. */
  readonly envoy?: string;
}

export interface MeshWorkload {
  /** `weft run`, the supervisor. */
  readonly process: LabProcess;
  /** Folder of its proxy's state and log. */
  readonly instance: string;
  /** The proxy of the moment: the process that carries the traffic. Throws when there is none. */
  proxyPid(): number;
  /** What stands above and beside it: `weft run`, and Envoy's agent. */
  supervisorPids(): readonly number[];
}

/** Where every workload of the bench lives. */
export const NAMESPACE = "bench";
/** A table of 10,000 routes takes some seconds. */
const APPLY_SECONDS = 60;

/** `weft dev` on free ports, with the namespace. Throws when it does not come up. */
export async function openMesh(lab: Lab, cores: MeshCores, name = "mesh"): Promise<Mesh> {
  const dataDir = join(lab.folder(name), "data");
  const controlPlane = lab.start({
    name: `${name}/control-plane`,
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
  const mesh = { lab, name, dataDir, controlPlane, api: connectApi(dataDir), cores };
  const namespace = `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "${NAMESPACE}"}}`;
  await applyYaml(mesh, "namespace", namespace);
  return mesh;
}

/** `weft apply`, until every proxy that it concerns runs it. Throws with the command's words. */
export async function applyYaml(mesh: Mesh, name: string, yaml: string): Promise<void> {
  const { lab, dataDir } = mesh;
  const file = join(lab.folder(mesh.name), `${name}.yaml`);
  writeFileSync(file, yaml);
  const wait = ["--wait", "--timeout", `${APPLY_SECONDS}`];
  const command = ownCommandLine(["apply", "--data-dir", dataDir, ...wait, "-f", file]);
  const process = lab.start({ name: `${mesh.name}/apply-${name}`, core: "any", command });
  if ((await process.exited) !== 0) throw new Error(`weft apply ${name}: ${process.lastWords()}`);
}

/** `weft run` of a program that does nothing: the backend is the same process for every arm. */
export function startWorkload(mesh: Mesh, options: WorkloadOptions): MeshWorkload {
  const { name, flags = [], envoy } = options;
  const place = ["--name", name, "--namespace", NAMESPACE, "--data-dir", mesh.dataDir];
  const engine = envoy === undefined ? [] : ["--engine", "envoy", "--envoy-path", envoy];
  const all = [...place, ...engine, ...flags];
  const process = mesh.lab.start({
    name: `${mesh.name}/run-${name}`,
    core: mesh.cores.proxies,
    command: ownCommandLine(["run", ...all, "--", "sleep", "infinity"]),
    graceMs: 8_000,
  });
  return {
    process,
    instance: join(dataDirectory(mesh.dataDir).proxies, NAMESPACE, `${name}-1`),
    proxyPid: () => (envoy === undefined ? bootstrapped(process) : envoyBelow(process, envoy)),
    supervisorPids: () =>
      envoy === undefined ? [process.pid] : [process.pid, bootstrapped(process)],
  };
}

/** Weft's own proxy, or Envoy's agent. */
const bootstrapped = (run: LabProcess): number =>
  below(run, (command) => command.includes("--bootstrap"));

const envoyBelow = (run: LabProcess, envoy: string): number =>
  below(run, (command) => command[0] === envoy);

function below(run: LabProcess, isIt: (command: readonly string[]) => boolean): number {
  const proxy = processTree(run.pid).find(({ command }) => isIt(command));
  if (!proxy) throw new Error(`${run.name} runs no proxy: ${run.lastWords()}`);
  return proxy.pid;
}
