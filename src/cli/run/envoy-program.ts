// Which Envoy `--engine envoy` runs, and whether it can.
import type { AppProtocol } from "#resources/app-protocol.ts";
import { CliError } from "../cli-error.ts";

export type EngineName = "weft" | "envoy";

/** Throws CliError `usage`. */
export function readEngine(text: string): EngineName {
  if (text === "weft" || text === "envoy") return text;
  throw new CliError("usage", `--engine ${text}: expected weft or envoy`);
}

export interface EnvoyProgram {
  readonly path: string;
  /** As it says itself: `1.40.0`. */
  readonly version: string;
}

/** Of 1.x: the oldest that the tests have seen, and that counts requests as `weft stat` shows them. */
const OLDEST_MINOR = 39;

/**
 * The program given by `--envoy-path`, else the one that PATH leads to. Throws CliError when there is none, when it is no
 * Envoy, and when it is too old.
 */
export function findEnvoy(
  given: string | undefined,
  { PATH = "" }: Readonly<Record<string, string | undefined>>,
): EnvoyProgram {
  const path = Bun.which(given ?? "envoy", { PATH });
  if (path === null)
    throw new CliError(
      "usage",
      given === undefined ? "there is no envoy on PATH" : `${given}: no such program`,
      HOW_TO_GET_ONE,
    );
  const run = Bun.spawnSync([path, "--version"], { stdout: "pipe", stderr: "ignore" });
  const [, version] = /\/(\d+\.\d+\.\d+)[^/]*\//.exec(run.stdout.toString()) ?? [];
  if (run.exitCode !== 0 || version === undefined)
    throw new CliError("usage", `${path} --version does not answer as Envoy does`);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 1 || minor >= OLDEST_MINOR) return { path, version };
  throw new CliError(
    "usage",
    `${path} is Envoy ${version}: 1.${OLDEST_MINOR} or newer is needed`,
    HOW_TO_GET_ONE,
  );
}

const HOW_TO_GET_ONE =
  "--envoy-path names the binary; docs/reference/engines.md says how to get one";

/** The agent's Envoys speak HTTP at the ports of applications. Throws CliError `usage` for what they would not carry. */
export function checkCarriedByEnvoy(protocol: AppProtocol | undefined): void {
  if (protocol === undefined || CARRIED.includes(protocol)) return;
  throw new CliError(
    "usage",
    `--port …/${protocol} with --engine envoy: an Envoy carries ${CARRIED.join(", ")} to an application`,
    "leave --engine out for this workload; docs/reference/engines.md has what is different",
  );
}

const CARRIED: readonly AppProtocol[] = ["http", "http2", "grpc"];
