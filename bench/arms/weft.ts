// Weft as it is meant to be run: control plane, `weft run`, routes and policies from YAML, metrics, trace headers, access log.
import { dataDirectory } from "#control/data-directory.ts";
import { freePort, until, untilServes } from "../lab/wait.ts";
import { type Arm, type ArmOptions, BODY_BYTES } from "./arm.ts";
import { applyYaml, type Mesh, type MeshWorkload, NAMESPACE, startWorkload } from "./mesh.ts";
import { externalBackend, PROBE, pairPolicies, routesFor } from "./weft-yaml.ts";

/** Throws when the mesh refuses its configuration, does not serve, or does not enforce what it was told. */
export async function weftArm(mesh: Mesh, options: ArmOptions): Promise<Arm> {
  const port = await freePort();
  const open = options.case === "one-hop" ? oneHop : pair;
  const workloads = await open(mesh, options, port);
  const watched = [mesh.controlPlane, ...workloads.map(({ process }) => process)];
  await untilServes({ lab: options.lab, watched }, { port, bodyBytes: BODY_BYTES });
  await untilRulesHold(
    { lab: options.lab, watched, what: "the rules are in force" },
    options.case,
    port,
  );
  return {
    name: "weft",
    case: options.case,
    port,
    proxies: () => workloads.map((workload) => workload.proxyPid()),
    supervisors: () => workloads.map(({ process }) => process.pid),
    logs: dataDirectory(mesh.dataDir).proxies,
    watched,
  };
}

/** The caller's own proxy calls a service outside the mesh, in plaintext. */
async function oneHop(mesh: Mesh, { backend }: ArmOptions, port: number): Promise<MeshWorkload[]> {
  const host = "backend.example";
  const yaml = externalBackend(host, backend.port) + routesFor(host);
  await applyYaml(mesh, "one-hop", yaml);
  const flags = ["--upstream", `${host}:80=${port}`];
  return [startWorkload(mesh, { name: "edge", flags })];
}

/** Caller → its proxy → mutual TLS → the server's proxy → the backend. */
async function pair(mesh: Mesh, { backend }: ArmOptions, port: number): Promise<MeshWorkload[]> {
  const upstream = ["--upstream", `server.${NAMESPACE}:80=${port}`];
  const server = ["--label", "version=v1", "--port", `80:${backend.port}`];
  await applyYaml(mesh, "pair", pairPolicies() + routesFor("server"));
  return [
    startWorkload(mesh, { name: "server", flags: server }),
    startWorkload(mesh, { name: "client", flags: upstream }),
  ];
}

/** A bench of proxies that quietly let everything through would be a lie: ask for what only the rules give. */
async function untilRulesHold(
  options: Parameters<typeof until>[0],
  name: ArmOptions["case"],
  port: number,
): Promise<void> {
  const ask = async (path: string): Promise<number> => {
    const init = { redirect: "manual", keepalive: false } as const;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    await response.arrayBuffer();
    return response.status;
  };
  await until(options, async () => {
    const routed = await ask(PROBE.redirected);
    const forbidden = name === "pair" ? await ask(PROBE.forbidden) : 403;
    if (routed === 302 && forbidden === 403) return true;
    throw new Error(`a redirect gave ${routed}, a forbidden path ${forbidden}`);
  });
}
