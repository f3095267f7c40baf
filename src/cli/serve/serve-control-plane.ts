// What `weft dev` and `weft control-plane` share: start, say where it is, run until told to stop.
import { isIP } from "node:net";
import { Option, type Command as Parser } from "commander";
import { CaError } from "#ca/ca-error.ts";
import {
  type Announcement,
  dataDirectory,
  UnusableDataDirectory,
} from "#control/data-directory.ts";
import { readPorts as portsOf } from "#control/remembered-ports.ts";
import type {
  ControlPlane,
  ControlPlaneOptions,
  ControlPlanePorts,
} from "#control/start-control-plane.ts";
import { systemClock } from "#core/clock.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { readTrustDomain } from "#core/spiffe/spiffe-id.ts";
import { StoreError } from "#store/store-error.ts";
import { CliError } from "../cli-error.ts";
import type { Environment } from "../environment.ts";
import { openLog } from "../output/open-log.ts";
import { commandToPaste } from "../own-word.ts";

export interface ServeFlags {
  readonly dataDir: string;
  readonly port: string;
  readonly xdsPort?: string;
  readonly metricsPort?: string;
  readonly trustDomain: string;
  readonly caFiles?: string;
  readonly name?: readonly string[];
  readonly output: "text" | "json";
}

export type ServeOptions = Pick<
  ControlPlaneOptions,
  "dataDir" | "host" | "ports" | "trustDomain" | "caFiles" | "extraNames" | "extraAddresses"
> & { readonly output: "text" | "json" };

/** The options of every command that serves a control plane. */
export function addServeOptions(parser: Parser, { dataDir }: Environment): Parser {
  return parser
    .option("--data-dir <dir>", "where state lives", dataDir)
    .option("--port <port>", "API port; 0: any free port, for xDS and metrics too", "7070")
    .option("--trust-domain <domain>", "trust domain of identities", "cluster.local")
    .option(
      "--ca-files <dir>",
      "folder with root-cert.pem, ca-cert.pem, ca-key.pem, cert-chain.pem",
    )
    .addOption(
      new Option("-o, --output <format>", "how readiness is printed")
        .choices(["text", "json"])
        .default("text"),
    );
}

/** Throws CliError `usage`. */
export function readServeFlags(flags: ServeFlags): Omit<ServeOptions, "host"> {
  const names = flags.name ?? [];
  return {
    dataDir: flags.dataDir,
    ports: readPorts(flags),
    trustDomain: trustDomain(flags.trustDomain),
    ...(flags.caFiles === undefined ? {} : { caFiles: flags.caFiles }),
    extraNames: names.filter((name) => isIP(name) === 0),
    extraAddresses: names.filter((name) => isIP(name) !== 0),
    output: flags.output,
  };
}

/** Serves until SIGINT or SIGTERM. Throws CliError when it cannot start. */
export async function serveControlPlane(
  { output, ...options }: ServeOptions,
  { version, dataDir: usualDataDir }: Environment,
): Promise<void> {
  const stopped = untilStopped();
  const log = openLog(process.stderr);
  const { startControlPlane } = await import("#control/start-control-plane.ts");
  const start = () =>
    startControlPlane({ ...options, version, clock: systemClock, log, random: Math.random });
  const { ports: before } = portsOf(dataDirectory(options.dataDir));
  await using controlPlane = await start().catch((cause: unknown) => {
    throw asCliError(cause, options.dataDir);
  });
  process.stdout.write(
    output === "json" ? readyJson(controlPlane) : readyText(controlPlane, options, usualDataDir),
  );
  const moved = movedWarning(before.xds, controlPlane.announcement.xds.port);
  if (moved !== undefined) process.stderr.write(moved);
  await stopped;
}

/** Proxies know the address of before; nobody tells them of another one. */
function movedWarning(before: number | undefined, now: number): string | undefined {
  if (before === undefined || before === now) return undefined;
  return `
weft: xDS was at port ${before} before and is at ${now} now: workloads that run since then look for it there; start them
  again. --port 0 comes back to the ports of the last time
`;
}

function readPorts({ port, xdsPort, metricsPort }: ServeFlags): ControlPlanePorts {
  const api = portNumber("--port", port);
  const others = api === 0 ? { xds: 0, metrics: 0 } : { xds: 15_012, metrics: 15_014 };
  return {
    api,
    xds: xdsPort === undefined ? others.xds : portNumber("--xds-port", xdsPort),
    metrics: metricsPort === undefined ? others.metrics : portNumber("--metrics-port", metricsPort),
  };
}

function trustDomain(text: string): string {
  try {
    return readTrustDomain(text);
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    throw new CliError("usage", `--trust-domain ${cause.message}`, undefined, cause);
  }
}

function portNumber(flag: string, text: string): number {
  const port = Number(text);
  if (text.trim() !== "" && Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new CliError("usage", `${flag} ${text}: expected a port, 0 to 65535`);
}

function readyJson({ announcement, kubeconfig }: ControlPlane): string {
  const { apiUrl, xds, metrics, pid, trustDomain, version } = announcement;
  const addresses = {
    api: apiUrl,
    xds: `${xds.host}:${xds.port}`,
    metrics: `http://${metrics.host}:${metrics.port}/metrics`,
  };
  return `${JSON.stringify({ ready: true, pid, version, trustDomain, ...addresses, kubeconfig })}\n`;
}

function readyText(
  { announcement, kubeconfig }: ControlPlane,
  { dataDir }: Pick<ServeOptions, "dataDir">,
  usualDataDir: string,
): string {
  const { apiUrl, xds, metrics }: Announcement = announcement;
  return `The control plane is ready.

  API          ${apiUrl}   (kubectl --kubeconfig ${kubeconfig})
  xDS and CA   ${xds.host}:${xds.port}
  metrics      http://${metrics.host}:${metrics.port}/metrics
  state        ${dataDir}

Put a program into the mesh, in another terminal:
  ${commandToPaste("run", dataDir, usualDataDir)} --name web --port 8080 -- COMMAND
`;
}

function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  return promise;
}

function asCliError(cause: unknown, dataDir: string): unknown {
  if (cause instanceof StoreError && cause.code === "locked")
    return new CliError(
      "failed",
      `another control plane runs from ${dataDir}`,
      "stop it, or name another directory: --data-dir DIR",
      cause,
    );
  if (cause instanceof StoreError || cause instanceof CaError)
    return new CliError("failed", cause.message, `nothing in ${dataDir} was changed`, cause);
  if (cause instanceof UnusableDataDirectory)
    return new CliError(
      "failed",
      cause.message,
      "--data-dir names a directory that is Weft's alone",
      cause,
    );
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "EADDRINUSE" || /address.*in use|EADDRINUSE/i.test(message))
    return new CliError("failed", message, "--port 0 takes free ports", cause);
  if (
    /^(cannot )?listen /.test(message) ||
    code === "EACCES" ||
    code === "EROFS" ||
    code === "ENOSPC"
  )
    return new CliError("failed", message, undefined, cause);
  return cause;
}
