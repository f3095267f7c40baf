// The life of `weft run`: claim a place, open the sockets, start the proxy on them, and when it is ready the application.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { InboundPort, OutboundPort, Workload } from "#config/workload.ts";
import { dataDirectory } from "#control/data-directory.ts";
import { systemClock } from "#core/clock.ts";
import type { Bootstrap, ControlPlaneAddress, InheritedSocket } from "#proxy/bootstrap.ts";
import type { ProxyLimits } from "#proxy/limits/limit-table.ts";
import { settleAfterStart } from "#proxy/settle-memory.ts";
import {
  claimInstanceDirectory,
  type InstanceDirectory,
} from "#proxy/supervise/instance-directory.ts";
import { type OpenSockets, openSockets, type WantedSocket } from "#proxy/supervise/open-sockets.ts";
import { type ProxyProcess, superviseProxy } from "#proxy/supervise/proxy-process.ts";
import { readRememberedPorts, writeRememberedPorts } from "#proxy/supervise/remembered-ports.ts";
import { contentOf } from "#resources/app-protocol.ts";
import { CliError } from "../cli-error.ts";
import { appEnvironment } from "./app-environment.ts";
import { withEngineOptions } from "./engine-options.ts";
import { type EnvoyEngine, openEnvoyEngine } from "./envoy-engine.ts";
import type { PortArgument, UpstreamArgument } from "./port-argument.ts";
import { programVersion, proxyCommandLine } from "./proxy-program.ts";
import { startApplication } from "./run-application.ts";
import { runBesideProxy } from "./run-beside-proxy.ts";
import { exitCodeOf, RunSignals } from "./run-signals.ts";

export interface RunOptions {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PortArgument[];
  readonly upstreams: readonly UpstreamArgument[];
  /** Where other workloads reach the inbound ports. */
  readonly address: string;
  readonly dataDir: string;
  readonly version: string;
  readonly drainMs: number;
  /** Over the defaults of the table. */
  readonly limits: Partial<ProxyLimits>;
  /** Processes that carry the traffic. */
  readonly concurrency: number;
  /** Path of an Envoy that carries the traffic. Absent: Weft's own proxy does. */
  readonly envoy?: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Lines for the operator; never mixed into the application's output. */
  say(line: string): void;
  /** Called for every start of the proxy. */
  join(): Promise<Joining>;
  /** Whether a Service of the workload's name exists; undefined when that cannot be known here. */
  hasService(): Promise<boolean | undefined>;
}

/** What a proxy needs to reach its control plane, as far as it is known now. */
export interface Joining {
  readonly trustDomain: string;
  readonly controlPlane?: ControlPlaneAddress;
  readonly token?: string;
}

/** Resolves with the application's exit code. Throws CliError. */
export async function runWorkload(options: RunOptions): Promise<number> {
  using signals = new RunSignals();
  const parent = join(dataDirectory(options.dataDir).proxies, options.namespace);
  using directory = claimInstanceDirectory(parent, instanceBase(options));
  using open = openAll(options, directory);
  using envoy =
    options.envoy === undefined
      ? undefined
      : openEnvoyEngine({
          path: options.envoy,
          concurrency: options.concurrency,
          stateDirectory: directory.path,
        });
  const workload = describeWorkload(options, directory, open, envoy);
  const secret = randomBytes(24).toString("base64url");
  const hadService = await Promise.race([options.hasService(), signals.interrupted]);
  if (typeof hadService === "string") return exitCodeOf(hadService);
  const proxy = startProxy({ options, directory, open, workload, secret, envoy });
  return await runBesideProxy({
    proxy,
    signals,
    startApplication() {
      sayReady(options, workload, hadService);
      const port = portOf(open, "http-proxy");
      const variables = appEnvironment(options.environment, { port, secret });
      return startApplication(options.command, { ...options.environment, ...variables });
    },
    replaceProxy: () => void replaceProxy(proxy, options, workload),
    closeSockets: () => open[Symbol.dispose](),
    logPath: proxyLog(directory),
    drainMs: options.drainMs,
  });
}

async function replaceProxy(
  proxy: ProxyProcess,
  { say, envoy }: RunOptions,
  { name }: Workload,
): Promise<void> {
  if (envoy !== undefined) {
    say(`the proxy of ${name} is not replaced: an Envoy opens its ports itself`);
    return;
  }
  say(`a new proxy of ${name} is being started`);
  const end = await proxy.replace(REPLACE_MS);
  if (end.kind === "replaced") say(`a new proxy of ${name} has taken over; the old one finishes`);
  else say(`the proxy of ${name} is not replaced: ${end.reason}; the old one goes on`);
}

const REPLACE_MS = 30_000;

/** Versions of one service keep their places (ports, last good configuration) apart. */
function instanceBase({ name, labels }: RunOptions): string {
  const version = (labels.version ?? "").toLowerCase().replace(/[^a-z0-9-]/g, "-");
  return version === "" ? name : `${name}-${version}`;
}

function openAll(options: RunOptions, directory: InstanceDirectory): OpenSockets {
  const memory = join(directory.path, "ports.json");
  try {
    const open = openSockets(wantedSockets(options), readRememberedPorts(memory));
    writeRememberedPorts(memory, open.ports);
    return open;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const isTaken = why.includes("EADDRINUSE");
    const hint = isTaken ? "another program may hold that port" : undefined;
    throw new CliError("failed", why, hint, cause);
  }
}

function wantedSockets(options: RunOptions): readonly WantedSocket[] {
  const { ports, upstreams, address, envoy, concurrency } = options;
  const loopback = "127.0.0.1";
  const isReserved = envoy !== undefined; // it opens its ports itself, for all its threads
  const count = isReserved ? 1 : concurrency;
  return [
    ...ports.map(({ workloadPort }) => ({
      name: `inbound|${workloadPort}`,
      host: address,
      isReserved,
      count,
    })),
    { name: "http-proxy", host: loopback, isReserved, count },
    ...upstreams.map(({ localPort }) => ({
      name: `upstream|${localPort}`,
      host: loopback,
      port: localPort,
      isReserved,
      count,
    })),
    { name: "admin", host: loopback },
    { name: "metrics", host: loopback },
  ];
}

function describeWorkload(
  options: RunOptions,
  { instance }: InstanceDirectory,
  open: OpenSockets,
  envoy: EnvoyEngine | undefined,
): Workload {
  const { name, namespace, serviceAccount, labels, ports, upstreams, version } = options;
  const addressOf = (socket: string) => {
    const found = open.sockets.find((candidate) => candidate.name === socket);
    if (!found) throw new Error(`no socket is called ${socket}`);
    return found.address;
  };
  const inbound: InboundPort[] = ports.map((port) => ({
    ...port,
    address: addressOf(`inbound|${port.workloadPort}`),
  }));
  const outbound: OutboundPort[] = [
    { kind: "http-proxy", address: addressOf("http-proxy") },
    ...upstreams.map(
      ({ host, port, localPort }): OutboundPort => ({
        kind: "upstream",
        host,
        port,
        address: addressOf(`upstream|${localPort}`),
      }),
    ),
  ];
  return {
    namespace,
    name: instance,
    app: name,
    serviceAccount,
    labels: { app: name, "app.kubernetes.io/name": name, ...labels },
    inbound,
    outbound,
    admin: addressOf("admin"),
    metrics: addressOf("metrics"),
    version,
    ...(envoy && { engine: envoy.engine }),
  };
}

interface Start {
  readonly options: RunOptions;
  readonly directory: InstanceDirectory;
  readonly open: OpenSockets;
  readonly workload: Workload;
  readonly secret: string;
  readonly envoy: EnvoyEngine | undefined;
}

function startProxy({ options, directory, open, workload, secret, envoy }: Start): ProxyProcess {
  const bootstrap = async (sockets: readonly InheritedSocket[]): Promise<Bootstrap> => ({
    ...(await options.join()),
    workload: { ...workload, version: programVersion() ?? workload.version },
    stateDirectory: directory.path,
    accessLog: join(directory.path, "access.log"),
    secret,
    sockets,
    limits: options.limits,
    drainMs: options.drainMs,
    ...(envoy && { envoy: envoy.settings }),
  });
  let wasReady = false;
  return superviseProxy({
    command: () => envoy?.command() ?? proxyCommandLine(["--smol"]),
    environment: withEngineOptions(process.env),
    sockets: open.sockets,
    workers: envoy === undefined ? options.concurrency : 1,
    bootstrap,
    logPath: proxyLog(directory),
    clock: systemClock,
    onEvent: (event) => {
      if (event.kind === "ready") setTimeout(settleAfterStart, SETTLE_MS).unref();
      if (event.kind === "ready") wasReady = true;
      if (event.kind === "died")
        options.say(
          `${whoDied(event.worker, options.concurrency)} of ${workload.name} ended (${event.how}); starting it again on the same ports`,
        );
      if (event.kind === "ready" && event.source === "last-good")
        options.say(
          `the control plane has not answered: ${workload.name} runs what it had before; see ${proxyLog(directory)}`,
        );
      if (event.kind === "failed" && wasReady)
        options.say(
          `the proxy of ${workload.name} cannot run: ${event.message}; see ${proxyLog(directory)}`,
        );
    },
  });
}

const proxyLog = ({ path }: InstanceDirectory): string => join(path, "proxy.log");

/** The application has started by then. */
const SETTLE_MS = 1_000;

const whoDied = (worker: number, workers: number): string =>
  workers === 1 ? "the proxy" : `worker ${worker + 1} of ${workers} of the proxy`;

function sayReady(
  { ports, namespace, name, say }: RunOptions,
  workload: Workload,
  hadService: boolean | undefined,
): void {
  const { host, port } = workload.admin;
  say(`${namespace}/${workload.name} is in the mesh; proxy admin at http://${host}:${port}`);
  if (ports.length > 0 && hadService === false)
    say(`there was no Service ${namespace}/${name}: one was created`);
  for (const { workloadPort, servicePort, protocol = "unknown" } of ports) {
    const isBytes = ["tcp", "tls"].includes(contentOf(protocol));
    const own = isBytes ? [workloadPort] : [80, workloadPort];
    const urls = (servicePort === undefined ? own : [servicePort]).map((at) =>
      isBytes
        ? `${name}.${namespace}:${at}`
        : `http://${name}.${namespace}${at === 80 ? "" : `:${at}`}`,
    );
    const verb = urls.length === 1 ? "leads" : "lead";
    say(`${urls.join(" and ")} ${verb} to the application's port ${workloadPort}`);
  }
}

function portOf({ ports }: OpenSockets, name: string): number {
  const port = ports[name];
  if (port === undefined) throw new Error(`no socket is called ${name}`);
  return port;
}
