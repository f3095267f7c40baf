// One proxy with two applications behind it, of which one is attacked and the other is the bystanders': what they feel is
// the proxy's doing.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attackerIdentity } from "../../test/support/attacks/attacker-identity.ts";
import { hostileHosts, hostileYaml } from "../../test/support/attacks/hostile-hosts.ts";
import { freePort } from "../../test/support/free-port.ts";
import type { LoadResult } from "../../test/support/steady-load.ts";
import { applyYaml, NAMESPACE, openMesh, startWorkload } from "../arms/mesh.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { until, untilServes } from "../lab/wait.ts";
import type { AttackOrder, AttackOutcome } from "./attacker.ts";

export interface Scene {
  readonly proxyPid: number;
  /** Those who behave: a fixed rate, no second tries. Throws when they cannot be run. */
  bystanders(rate: number, seconds: number): Promise<LoadResult>;
  attack(order: Pick<AttackOrder, "key" | "ms">): Promise<AttackOutcome>;
}

const attacked = join(import.meta.dir, "../../test/support/attacks/attacked-application.ts");
const attacker = join(import.meta.dir, "attacker.ts");
const load = join(import.meta.dir, "../../test/e2e/programs/steady-load.ts");
/** The attacker and its victim give way to those whose latency is measured. */
const GIVE_WAY = ["nice", "-n", "19"];
const BYSTANDERS = 16;

/** Throws when a part does not start. */
export async function openScene(lab: Lab): Promise<Scene> {
  const mesh = await openMesh(lab, { controlPlane: "load", proxies: "proxies" });
  const account = { namespace: NAMESPACE, serviceAccount: "attacker" };
  const files = writeIdentity(lab, await attackerIdentity(mesh.dataDir, account));
  const foe = startAttacker(lab, files);
  const { control, hostile } = await firstLine<{ control: number; hostile: [number, number] }>(
    lab,
    foe.process,
    foe.output,
  );
  const ports = { attacked: await freePort(), bystanders: await freePort() };
  const upstreamPorts = [await freePort(), await freePort()] as const;
  const command = (port: number) => [process.execPath, attacked, `${port}`];
  const applications = [
    lab.start({
      name: "attacked",
      core: "load",
      command: [...GIVE_WAY, ...command(ports.attacked)],
    }),
    lab.start({ name: "application", core: "load", command: command(ports.bystanders) }),
  ];
  await applyYaml(mesh, "hostile", hostileYaml(NAMESPACE, hostile));
  const workload = startWorkload(mesh, {
    name: "attacked",
    flags: [
      ...["--port", `80:${ports.attacked}/http`, "--port", `81:${ports.bystanders}/http`],
      ...hostileHosts.flatMap((host, i) => ["--upstream", `${host}:80=${upstreamPorts[i]}`]),
    ],
  });
  const inboundPort = await inboundPortOf(lab, workload, ports.attacked);
  const bystandersPort = await inboundPortOf(lab, workload, ports.bystanders);
  const watched = [mesh.controlPlane, workload.process, ...applications, foe.process];
  for (const port of [inboundPort, bystandersPort])
    await untilServes({ lab, watched }, { port, bodyBytes: 3 });
  return {
    proxyPid: workload.proxyPid(),
    bystanders: (rate, seconds) => runBystanders(lab, bystandersPort, { rate, seconds }),
    attack: async (order) => {
      const body = JSON.stringify({ ...order, inboundPort, upstreamPorts });
      const answer = await fetch(`http://127.0.0.1:${control}/`, { method: "POST", body });
      if (!answer.ok) throw new Error(`${order.key}: ${foe.process.lastWords()}`);
      return (await answer.json()) as AttackOutcome;
    },
  };
}

interface IdentityFiles {
  readonly certificate: string;
  readonly key: string;
}

function writeIdentity(
  lab: Lab,
  { chainPem, keyPem }: { readonly chainPem: string; readonly keyPem: string },
): IdentityFiles {
  const folder = lab.folder("attacker");
  const files = { certificate: join(folder, "chain.pem"), key: join(folder, "key.pem") };
  writeFileSync(files.certificate, chainPem);
  writeFileSync(files.key, keyPem, { mode: 0o600 });
  return files;
}

function startAttacker(lab: Lab, { certificate, key }: IdentityFiles) {
  const output = join(lab.folder("attacker"), "output.log");
  const command = [...GIVE_WAY, process.execPath, attacker, certificate, key];
  return { process: lab.start({ name: "attacker", core: "load", command, output }), output };
}

async function firstLine<T>(lab: Lab, started: LabProcess, output: string): Promise<T> {
  const text = (): string => readFileSync(output, "utf8").split("\n")[0] ?? "";
  await until({ lab, watched: [started], what: `${started.name} says where it is` }, () =>
    text().endsWith("}"),
  );
  return JSON.parse(text()) as T;
}

/** Where the proxy takes what is for this port of a workload: it remembers its ports by name. */
async function inboundPortOf(
  lab: Lab,
  { instance, process: run }: { readonly instance: string; readonly process: LabProcess },
  workloadPort: number,
): Promise<number> {
  let port = 0;
  await until({ lab, watched: [run], what: "the proxy has its ports" }, () => {
    const ports = JSON.parse(readFileSync(join(instance, "ports.json"), "utf8")) as Record<
      string,
      number
    >;
    port = ports[`inbound|${workloadPort}`] ?? 0;
    return port > 0;
  });
  return port;
}

let runs = 0;

async function runBystanders(
  lab: Lab,
  port: number,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<LoadResult> {
  const words = [port, rate, seconds, BYSTANDERS].map(String);
  const command = [process.execPath, load, ...words];
  const name = `bystanders-${++runs}`;
  const child = lab.start({ name, core: "load", command, output: "pipe" });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${name}: ${child.lastWords()}`);
  return JSON.parse(text) as LoadResult;
}
