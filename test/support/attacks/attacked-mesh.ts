// A workload under attack in a mesh of its own: a real control plane, a real `weft run`, a real application.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { inboundOf, type Mesh, startMesh } from "../mesh.ts";
import { attackerContext } from "./attack-socket.ts";
import { attackerIdentity } from "./attacker-identity.ts";
import { hostileHosts, hostileYaml } from "./hostile-hosts.ts";
import { HostileUpstream } from "./hostile-upstream.ts";
import type { AttackSite } from "./run-attack.ts";

const program = join(import.meta.dir, "attacked-application.ts");
const NAMESPACE = "shop";

export interface AttackedMesh extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly site: AttackSite;
  /** Resident memory of the proxy. */
  rssBytes(): number;
  /** How often the application saw a path. */
  seen(path: string): Promise<number>;
}

/** `limits`: `name=value`, as `weft run --limit` takes them. */
export async function startAttackedMesh(limits: readonly string[]): Promise<AttackedMesh> {
  const mesh = await startMesh();
  const hostile = await HostileUpstream.open();
  const port = await freePort();
  const upstreamPorts = [await freePort(), await freePort()] as const;
  const workload = await mesh.run(
    [
      ...["--name", "attacked", "-n", NAMESPACE, "--port", `${port}/http`],
      ...hostileHosts.flatMap((host, index) => [
        "--upstream",
        `${host}:80=${upstreamPorts[index]}`,
      ]),
      ...limits.flatMap((limit) => ["--limit", limit]),
    ],
    [process.execPath, program, `${port}`],
  );
  await workload.json();
  await mesh.apply(hostileYaml(NAMESPACE, hostile.ports));
  const proxy = await mesh.proxy("attacked");
  const account = { namespace: NAMESPACE, serviceAccount: "attacker" };
  const identity = await attackerIdentity(mesh.dataDir, account);
  const pid = workload.processes().find(isProxy);
  if (pid === undefined) throw new Error("the workload has no proxy");
  return {
    mesh,
    site: {
      host: "127.0.0.1",
      inboundPort: inboundOf(proxy).port,
      context: attackerContext(identity),
      upstreamPorts,
      hostile,
    },
    rssBytes: () => rssOf(pid),
    seen: async (path) => {
      const answer = await fetch(`http://127.0.0.1:${port}/seen`);
      return ((await answer.json()) as Record<string, number>)[path] ?? 0;
    },
    [Symbol.asyncDispose]: async () => {
      await hostile[Symbol.asyncDispose]();
      await mesh[Symbol.asyncDispose]();
    },
  };
}

const isProxy = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes("--bootstrap");

export function rssOf(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  if (found === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(found) * 1_024;
}
