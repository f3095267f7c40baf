// nginx and HAProxy, alone or as a pair: the same hops, each program in its own words.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { freePort, untilServes } from "../lab/wait.ts";
import { processTree } from "../measure/process-table.ts";
import { type Arm, type ArmOptions, BODY_BYTES } from "./arm.ts";
import { type Hop, type HopOptions, haproxyConfiguration } from "./haproxy-configuration.ts";
import { nginxConfiguration } from "./nginx-configuration.ts";
import { type PeerCertificates, writePeerCertificates } from "./peer-certificates.ts";

export type ServerArmName = "nginx" | "haproxy" | "haproxy-unlogged";

export interface ServerArm extends Arm {
  /** Of a pair: where the second hop takes mutual TLS, and the files to do it with. */
  readonly inner?: { readonly port: number; readonly certificates: PeerCertificates };
}

/** Throws when the program refuses its configuration or does not serve. */
export async function serverArm(name: ServerArmName, options: ArmOptions): Promise<ServerArm> {
  const { lab, backend } = options;
  const folder = lab.folder(`${name}-${options.case}`);
  const hops = planHops(options.case, folder);
  const ports = [...(await Promise.all(hops.map(freePort))), backend.port];
  const processes = hops.map((hop, index) => {
    const [listenPort = 0, upstreamPort = 0] = ports.slice(index);
    const logged = name !== "haproxy-unlogged";
    const stem = join(folder, `${index}`);
    return startHop(lab, { name, stem, hop, listenPort, upstreamPort, logged });
  });
  const [port = 0, innerPort = 0] = ports;
  const inner = hops.find(({ kind }) => kind === "server-side");
  await untilServes({ lab, watched: processes }, { port, bodyBytes: BODY_BYTES });
  return {
    name,
    case: options.case,
    port,
    ...rolesOf(name, processes),
    logs: folder,
    watched: processes,
    ...(inner?.kind === "server-side"
      ? { inner: { port: innerPort, certificates: inner.certificates } }
      : {}),
  };
}

function planHops(name: ArmOptions["case"], folder: string): readonly Hop[] {
  if (name === "one-hop") return [{ kind: "plain" }];
  const certificates = writePeerCertificates(folder);
  return [
    { kind: "client-side", certificates },
    { kind: "server-side", certificates },
  ];
}

interface StartHop extends HopOptions {
  readonly name: ServerArmName;
  /** Path that the hop's files begin with. */
  readonly stem: string;
}

function startHop(lab: Lab, { name, stem, ...options }: StartHop): LabProcess {
  const label = stem.slice(lab.scratch.length + 1);
  if (name === "nginx") {
    const folder = lab.folder(label);
    writeFileSync(join(folder, "nginx.conf"), nginxConfiguration(folder, options));
    const command = ["nginx", "-c", join(folder, "nginx.conf"), "-e", "stderr"];
    return lab.start({ name: label, core: "proxies", command });
  }
  const file = `${stem}.cfg`;
  writeFileSync(file, haproxyConfiguration(options));
  const command = ["haproxy", "-db", "-f", file];
  return lab.start({ name: label, core: "proxies", command, output: `${stem}-access.log` });
}

/** HAProxy without `-W` is one process; nginx has a master above its worker. */
function rolesOf(name: ServerArmName, processes: readonly LabProcess[]) {
  const roots = processes.map(({ pid }) => pid);
  if (name !== "nginx") return { proxies: () => roots, supervisors: () => [] };
  const workers = () =>
    roots.flatMap((root) =>
      processTree(root)
        .slice(1)
        .map(({ pid }) => pid),
    );
  return { proxies: workers, supervisors: () => roots };
}
