// One proxy with two applications behind it, of which one is attacked and the other is the bystanders': what they feel is
// the proxy's doing.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attackerIdentity } from "../../test/support/attacks/attacker-identity.ts";
import { hostileHosts, hostileYaml } from "../../test/support/attacks/hostile-hosts.ts";
import { freePort } from "../../test/support/free-port.ts";
import { applyYaml, NAMESPACE, openMesh, startWorkload } from "../arms/mesh.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { until, untilServes } from "../lab/wait.ts";
import type { AttackOrder, AttackOutcome } from "./attacker.ts";
import type { BystandersOrder, Felt } from "./bystanders.ts";

export interface Scene {
  readonly proxyPid: number;
  /** Those who behave: a fixed rate, no second tries. Throws when they cannot be run. */
  bystanders(rate: number, seconds: number): Promise<Felt>;
  attack(order: Pick<AttackOrder, "key" | "ms">): Promise<AttackOutcome>;
}

const attacked = join(import.meta.dir, "../../test/support/attacks/attacked-application.ts");
const attacker = join(import.meta.dir, "attacker.ts");
const bystanders = join(import.meta.dir, "bystanders.ts");
/**
 * The attacker and its victim give way to those whose latency is measured. Each process of the lab is a session of its own,
 * and where sessions are groups to the scheduler (autogroup, sched(7)) a nice value counts within its group only.
 */
const GIVE_WAY = [
  ...["sh", "-c"],
  'echo 19 2>/dev/null >/proc/self/autogroup; exec nice -n 19 "$0" "$@"',
];
const BYSTANDERS = 16;

/** Throws when a part does not start. */
export async function openScene(lab: Lab): Promise<Scene> {
  const mesh = await openMesh(lab, { controlPlane: "load", proxies: "proxies" });
  const account = { namespace: NAMESPACE, serviceAccount: "attacker" };
  const files = writeIdentity(lab, await attackerIdentity(mesh.dataDir, account));
  const foe = startTalker(lab, "attacker", [attacker, files.certificate, files.key], GIVE_WAY);
  type Told = { control: number; hostile: [number, number] };
  const { control, hostile } = await firstLine<Told>(lab, foe);
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
  const friends = startTalker(lab, "bystanders", [
    bystanders,
    `${bystandersPort}`,
    `${BYSTANDERS}`,
  ]);
  const friendsPort = (await firstLine<{ control: number }>(lab, friends)).control;
  return {
    proxyPid: workload.proxyPid(),
    bystanders: (rate, seconds) => {
      const order: BystandersOrder = { rate, seconds };
      return ask<Felt>(friends.process, friendsPort, order);
    },
    attack: (order) =>
      ask<AttackOutcome>(foe.process, control, { ...order, inboundPort, upstreamPorts }),
  };
}

/** A process that says on its first line where it takes orders. */
interface Talker {
  readonly process: LabProcess;
  readonly output: string;
}

function startTalker(
  lab: Lab,
  name: string,
  words: readonly string[],
  before: readonly string[] = [],
): Talker {
  const output = join(lab.folder(name), "said.log");
  const command = [...before, process.execPath, ...words];
  return { process: lab.start({ name, core: "load", command, output }), output };
}

async function ask<Answer>({ name, lastWords }: LabProcess, port: number, order: unknown) {
  const body = JSON.stringify(order);
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
  if (!answer.ok) throw new Error(`${name}: ${lastWords()}`);
  return (await answer.json()) as Answer;
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

async function firstLine<T>(lab: Lab, { process: started, output }: Talker): Promise<T> {
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
