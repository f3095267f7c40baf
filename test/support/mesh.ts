import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Announcement } from "../../src/control/data-directory.ts";
import type { ProxyView } from "../../src/control/proxy-view.ts";
import { eventually } from "./eventually.ts";
import { signalProcess } from "./process-tree.ts";
import {
  type Ended,
  endInGoodOrder,
  runProgram,
  runWeft,
  type Spawned,
  spawnWeft,
} from "./spawn-weft.ts";
import { tempDir } from "./temp-dir.ts";

/** A real control plane in a directory of its own, and the commands of its user. Leaving the scope ends all of it. */
export interface Mesh extends AsyncDisposable {
  readonly dataDir: string;
  readonly kubeconfig: string;
  /** Changes when the control plane is started again. */
  controlPlane: Spawned;
  startControlPlane(): Promise<void>;
  /** `kill -9` of every process: control plane, supervisors, proxies, applications. */
  powerCut(): Promise<void>;
  /** `weft run … -- command`, in the mesh when this resolves. */
  run(flags: readonly string[], command: readonly string[], options?: RunOptions): Promise<Spawned>;
  /** `weft run … -- command` to its end. */
  call(flags: readonly string[], command: readonly string[]): Promise<Ended>;
  weft(args: readonly string[], stdin?: string): Promise<Ended>;
  /** Applies and waits until every proxy has it. Throws with what Weft said when it is refused. */
  apply(yaml: string): Promise<void>;
  kubectl(args: readonly string[], stdin?: string): Promise<Ended>;
  /** The API, with the user's token; a body of bytes or text goes as it is. */
  api(method: string, path: string, body?: unknown, contentType?: string): Promise<Response>;
  proxies(): Promise<readonly ProxyView[]>;
  proxy(app: string, version?: string): Promise<ProxyView>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** `flags`: further ones of `weft dev`. */
export async function startMesh(flags: readonly string[] = []): Promise<Mesh> {
  const directory = await tempDir();
  const dataDir = join(directory.path, "data");
  const programs: Spawned[] = [];
  const at = ["--data-dir", dataDir];
  const kubeconfig = join(dataDir, "kubeconfig");
  const startControlPlane = async () => {
    const controlPlane = spawnWeft(["dev", ...at, "--port", "0", "-o", "json", ...flags]);
    programs.push(controlPlane);
    await controlPlane.json(15_000);
    mesh.controlPlane = controlPlane;
  };
  const mesh: Mesh = {
    dataDir,
    kubeconfig,
    controlPlane: undefined as unknown as Spawned, // set before `startMesh` resolves
    startControlPlane,
    async powerCut() {
      const running = programs.splice(0);
      for (const pid of running.flatMap((program) => program.processes()))
        signalProcess(pid, "SIGKILL");
      await Promise.all(running.map(({ exited }) => exited));
    },
    async run(flags, command, { env = {} } = {}) {
      const program = spawnWeft(["run", ...at, ...flags, "--", ...command], { env });
      programs.push(program);
      await program.stderr.line(/is in the mesh/, 20_000);
      return program;
    },
    call: (flags, command) => runWeft(["run", "--quiet", ...at, ...flags, "--", ...command]),
    weft: (args, stdin) => runWeft([...args, ...at], stdin === undefined ? {} : { stdin }),
    async apply(yaml) {
      const { exitCode, stderr } = await mesh.weft(["apply", "--wait", "-f", "-"], yaml);
      if (exitCode !== 0) throw new Error(`apply ended with ${exitCode}: ${stderr}`);
    },
    kubectl: (args, stdin) =>
      runProgram(
        ["kubectl", "--kubeconfig", kubeconfig, ...args],
        stdin === undefined ? {} : { stdin },
      ),
    api: async (method, path, body, contentType = "application/json") => {
      const { apiUrl, apiToken, roots } = announcementIn(dataDir);
      return await fetch(`${apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${apiToken}`, "content-type": contentType },
        tls: { ca: roots },
        ...(body === undefined ? {} : { body: asIs(body) ? body : JSON.stringify(body) }),
      });
    },
    async proxies() {
      const { stdout } = await mesh.weft(["proxies", "-o", "json"]);
      return (JSON.parse(stdout) as { items: readonly ProxyView[] }).items;
    },
    proxy: (app, version) =>
      eventually(async () =>
        (await mesh.proxies()).find(
          (proxy) =>
            proxy.app === app && (version === undefined || proxy.labels.version === version),
        ),
      ),
    async [Symbol.asyncDispose]() {
      const workloads = programs.filter((program) => program !== mesh.controlPlane);
      await Promise.all(workloads.map(endInGoodOrder));
      if (programs.includes(mesh.controlPlane)) await endInGoodOrder(mesh.controlPlane);
      await directory[Symbol.asyncDispose]();
    },
  };
  try {
    await startControlPlane();
  } catch (cause) {
    await mesh[Symbol.asyncDispose]();
    throw cause;
  }
  return mesh;
}

const asIs = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === "string" || body instanceof Uint8Array;

/** What the running control plane tells the commands of its user. */
export function announcementIn(dataDir: string): Announcement {
  return JSON.parse(readFileSync(join(dataDir, "control-plane.json"), "utf8")) as Announcement;
}

/** `host` and `port` of the inbound listener for the application's only port. */
export function inboundOf(proxy: ProxyView): { readonly host: string; readonly port: number } {
  const [inbound] = proxy.addresses.inbound;
  if (!inbound) throw new Error(`${proxy.name} has no inbound port`);
  const [, host = "", port] = /^(.*):(\d+)$/.exec(inbound.address) ?? [];
  return { host, port: Number(port) };
}
