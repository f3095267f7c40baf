// Proxies of other makers, alone or as a pair: the same hops, each program in its own words.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import { envoyProgram } from "../lab/envoy-program.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { processTree } from "../measure/process-table.ts";
import type { Arm, ArmOptions, InnerListener } from "./arm.ts";
import { envoyConfiguration } from "./envoy-configuration.ts";
import { haproxyConfiguration } from "./haproxy-configuration.ts";
import type { Hop, HopOptions } from "./hop.ts";
import { nghttpxConfiguration } from "./nghttpx-configuration.ts";
import { nginxConfiguration } from "./nginx-configuration.ts";
import { clientFiles, writePeerCertificates } from "./peer-certificates.ts";
import { hopsOf, type Setup } from "./setup.ts";

export type ServerProgram = "nginx" | "haproxy" | "nghttpx" | "envoy";

interface Kind {
  readonly program: ServerProgram;
  readonly between: HopOptions["between"];
  readonly logged: boolean;
}

const kinds = {
  nginx: { program: "nginx", between: "http/1.1", logged: true },
  haproxy: { program: "haproxy", between: "http/1.1", logged: true },
  "haproxy-unlogged": { program: "haproxy", between: "http/1.1", logged: false },
  "haproxy-h2": { program: "haproxy", between: "h2", logged: true },
  nghttpx: { program: "nghttpx", between: "h2", logged: true },
  envoy: { program: "envoy", between: "http/1.1", logged: true },
  "envoy-h2": { program: "envoy", between: "h2", logged: true },
} as const satisfies Record<string, Kind>;

export type ServerArmName = keyof typeof kinds;

export const programOf = (name: ServerArmName): ServerProgram => kinds[name].program;

/** The processes run; whether they serve is for the caller to see. */
export async function serverArm(name: ServerArmName, options: ArmOptions): Promise<Arm> {
  const { lab, backend, setup, key } = options;
  const { program, between, logged } = kinds[name];
  const folder = lab.folder(`${name}-${key}`);
  const hops = planHops(setup, folder);
  const http2Port = await freePort();
  const ports = [...(await Promise.all(hops.map(freePort))), backend.port];
  const processes = hops.map((hop, index) => {
    const [listenPort = 0, upstreamPort = 0] = ports.slice(index);
    const label = `${name}-${key}/${index}`;
    const common = { setup, hop, between, logged, listenPort, http2Port, upstreamPort };
    return startHop(lab, program, { ...common, folder: lab.folder(label) });
  });
  const [port = 0, innerPort = 0] = ports;
  return {
    ...{ name, setup, port },
    ...(program === "nginx" && setup.kind === "one-hop" ? { http2Port } : {}),
    ...innerOf(hops, innerPort),
    ...rolesOf(program, processes),
    logs: [folder],
    watched: processes,
  };
}

function planHops(setup: Setup, folder: string): readonly Hop[] {
  if (hopsOf(setup) === 1) return [{ kind: "plain" }];
  const certificates = writePeerCertificates(folder);
  return [
    { kind: "client-side", certificates },
    { kind: "server-side", certificates },
  ];
}

function innerOf(hops: readonly Hop[], port: number): { readonly inner?: InnerListener } {
  const inner = hops.find(({ kind }) => kind === "server-side");
  if (inner?.kind !== "server-side") return {};
  return { inner: { port, client: clientFiles(inner.certificates) } };
}

function startHop(lab: Lab, program: ServerProgram, options: HopOptions): LabProcess {
  const { folder } = options;
  const file = join(folder, program === "envoy" ? "envoy.json" : "configuration");
  writeFileSync(file, configurations[program](options));
  const name = folder.slice(lab.scratch.length + 1);
  const output = join(folder, program === "haproxy" ? "access.log" : "output.log");
  return lab.start({ name, core: "proxies", command: commands[program](file), output });
}

const configurations: Record<ServerProgram, (options: HopOptions) => string> = {
  nginx: nginxConfiguration,
  haproxy: haproxyConfiguration,
  nghttpx: nghttpxConfiguration,
  envoy: envoyConfiguration,
};

const commands: Record<ServerProgram, (file: string) => readonly string[]> = {
  nginx: (file) => ["nginx", "-c", file, "-e", "stderr"],
  haproxy: (file) => ["haproxy", "-db", "-f", file],
  nghttpx: (file) => ["nghttpx", "--conf", file],
  envoy: (file) => [
    envoyProgram(),
    ...["--config-path", file, "--concurrency", "1"],
    ...["--disable-hot-restart", "--log-level", "error"],
  ],
};

/** HAProxy without `-W`, Envoy and nghttpx are one process each; nginx has a master above its worker. */
function rolesOf(program: ServerProgram, processes: readonly LabProcess[]) {
  const roots = processes.map(({ pid }) => pid);
  if (program !== "nginx") return { proxies: () => roots, supervisors: () => [] };
  const workers = () =>
    roots.flatMap((root) =>
      processTree(root)
        .slice(1)
        .map(({ pid }) => pid),
    );
  return { proxies: workers, supervisors: () => roots };
}
