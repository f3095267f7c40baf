import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { announced } from "../api/announced.ts";
import { ApiError, connectApi } from "../api/api-client.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import type { Environment } from "../environment.ts";
import { readConcurrency } from "../run/concurrency-option.ts";
import { checkCarriedByEnvoy, findEnvoy, readEngine } from "../run/envoy-program.ts";
import { readLimitOptions } from "../run/limit-option.ts";
import {
  readLabelArgument,
  readPortArguments,
  readUpstreamArgument,
} from "../run/port-argument.ts";
import { checkProgram } from "../run/run-application.ts";
import { type Joining, runWorkload } from "../run/run-workload.ts";
import { ensureAccount, requestJoinToken, startTerms } from "../run/workload-identity.ts";

interface Flags {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount?: string;
  readonly label: readonly string[];
  readonly port: readonly string[];
  readonly upstream: readonly string[];
  readonly address: string;
  readonly dataDir: string;
  readonly token?: string;
  readonly controlPlane?: string;
  readonly roots?: string;
  readonly trustDomain?: string;
  readonly drain: string;
  readonly concurrency: string;
  readonly limit: readonly string[];
  readonly engine: string;
  readonly envoyPath?: string;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  weft run --name web --namespace shop --port 8080 -- node server.js
  weft run --name payments --label version=v2 --port 9090:8081 -- ./payments
  weft run --name db --port 5432/tcp -- postgres -D data
  weft run --name job -- curl http://payments.shop:9090/health
  weft run --name legacy --upstream db-api:80=18080 -- ./legacy --db http://127.0.0.1:18080

The command runs with HTTP_PROXY set, so that it calls other workloads by name as it always did; each --upstream is one
of them on a port of its own, for programs that obey no such variable. Its ports listen for the mesh in the proxy: let
the application itself listen on 127.0.0.1 only.`;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export const command: Command = {
  configure(parser, environment) {
    parser
      .requiredOption("--name <name>", "the workload's name, and its service's")
      .option("-n, --namespace <namespace>", "namespace", "default")
      .option("--service-account <name>", "identity (default: the workload's name)")
      .option(
        "--label <key=value>",
        "label, again for more; version=v1 makes a version",
        collect,
        [],
      )
      .option(
        "--port <[service:]port[/protocol]>",
        "port of the application, again for more",
        collect,
        [],
      )
      .option(
        "--upstream <host:port=local>",
        "loopback port for one service, again for more",
        collect,
        [],
      )
      .option("--address <ip>", "where other workloads reach this one", "127.0.0.1")
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .option("--token <token>", "join token, for a control plane on another host (or @FILE)")
      .option("--control-plane <host:port>", "its xDS address, with --token")
      .option("--roots <file>", "PEM file of its root certificates, with --token")
      .option("--trust-domain <domain>", "its trust domain, with --token (default: cluster.local)")
      .option("--drain <seconds>", "longest wait for what is in flight at the end", "30")
      .option(
        "--limit <name=value>",
        "limit of the data path, again for more (docs/reference/limits.md)",
        collect,
        [],
      )
      .option("--concurrency <n>", "processes that share the traffic of the proxy", "1")
      .option("--engine <engine>", "what carries the traffic: weft, or envoy", "weft")
      .option("--envoy-path <program>", "the Envoy to run (default: the one on PATH)")
      .option("-q, --quiet", "say nothing but errors")
      .argument("<command...>", "what to run, after --")
      .addHelpText("after", examples)
      .action(async (words: readonly string[], flags: Flags) => {
        process.exitCode = await run(words, flags, environment);
      });
  },
};

async function run(
  words: readonly string[],
  flags: Flags,
  environment: Environment,
): Promise<number> {
  const account = {
    namespace: flags.namespace,
    serviceAccount: flags.serviceAccount ?? flags.name,
  };
  for (const name of [flags.name, account.namespace, account.serviceAccount]) checkName(name);
  checkJoining(flags);
  const given = readGiven(flags);
  checkProgram(words[0] ?? "", process.env);
  const say = (line: string) => {
    if (!flags.quiet) process.stderr.write(`weft: ${line}\n`);
  };
  const envoy = envoyPath(flags, say);
  const join =
    flags.token === undefined ? localJoining(flags.dataDir, account, say) : remoteJoining(flags);
  return await runWorkload({
    ...account,
    name: flags.name,
    ...given,
    dataDir: flags.dataDir,
    version: environment.version,
    ...(envoy === undefined ? {} : { envoy }),
    command: words,
    environment: { ...process.env, ...environment.userProxy },
    say,
    join,
    hasService: () => hasService(flags, account.namespace),
  });
}

/** What makes no sense is said before anything is looked for. Throws CliError `usage`. */
function readGiven(flags: Flags) {
  return {
    labels: Object.fromEntries(flags.label.map(readLabelArgument)),
    ports: readPortArguments(flags.port),
    upstreams: flags.upstream.map(readUpstreamArgument),
    address: ownAddress(flags.address),
    drainMs: drainMs(flags.drain),
    concurrency: readConcurrency(flags.concurrency),
    limits: readLimitOptions(flags.limit, flags.engine),
  };
}

/** Undefined: Weft's own proxy. */
function envoyPath(
  { engine, envoyPath: given, upstream, port }: Flags,
  say: (line: string) => void,
): string | undefined {
  if (readEngine(engine) === "weft") {
    if (given === undefined) return undefined;
    throw new CliError("usage", "--envoy-path goes with --engine envoy");
  }
  for (const { protocol } of readPortArguments(port)) checkCarriedByEnvoy(protocol);
  const program = findEnvoy(given, process.env);
  if (upstream.length > 0)
    say("Envoy cannot tell who calls: the ports of --upstream are open to every user of this host");
  return program.path;
}

async function hasService(
  { dataDir, name, token }: Flags,
  namespace: string,
): Promise<boolean | undefined> {
  if (token !== undefined) return undefined; // a token opens no API
  try {
    await connectApi(dataDir).request("GET", `/api/v1/namespaces/${namespace}/services/${name}`);
    return true;
  } catch (cause) {
    return cause instanceof ApiError && cause.status === 404 ? false : undefined;
  }
}

/** The control plane of the same user on this host: no token is needed, its data directory is the proof. */
function localJoining(
  dataDir: string,
  account: { namespace: string; serviceAccount: string },
  say: (line: string) => void,
) {
  connectApi(dataDir); // says at once when there is none
  return async (): Promise<Joining> => {
    const announcement = announced(dataDir);
    if (!announcement) return { trustDomain: "cluster.local" };
    const { xds, roots, trustDomain } = announcement;
    const found = { trustDomain, controlPlane: { address: xds, roots, serverName } };
    try {
      const api = connectApi(dataDir);
      await ensureAccount(api, account);
      return { ...found, token: (await requestJoinToken(api, account, startTerms)).token };
    } catch (cause) {
      // The proxy may still start from what it had: its certificate outlives a control plane.
      if (!(cause instanceof CliError && cause.code === "connection")) throw cause;
      say(cause.message);
      say("going on with what this workload had before; a new one waits until it answers");
      return found;
    }
  };
}

const serverName = "istiod.istio-system.svc";

/** Without a token the data directory says all of it. */
function checkJoining({ token, controlPlane, roots, trustDomain }: Flags): void {
  const given = {
    "--control-plane": controlPlane,
    "--roots": roots,
    "--trust-domain": trustDomain,
  };
  const [idle] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (token === undefined && idle !== undefined)
    throw new CliError("usage", `${idle} goes with --token`, "weft token create makes one");
}

function remoteJoining(flags: Flags): () => Promise<Joining> {
  const { token = "", controlPlane, roots, trustDomain = "cluster.local" } = flags;
  if (controlPlane === undefined || roots === undefined)
    throw new CliError("usage", "--token needs --control-plane HOST:PORT and --roots FILE");
  const [, host = "", port] = /^(.+):(\d+)$/.exec(controlPlane) ?? [];
  if (port === undefined)
    throw new CliError(
      "usage",
      `--control-plane ${controlPlane}: expected HOST:PORT, for example 192.0.2.7:15012`,
    );
  const joining = {
    trustDomain,
    controlPlane: {
      address: { host: host.replace(/^\[|\]$/g, ""), port: Number(port) },
      roots: readRoots(roots),
      serverName,
    },
    token: token.startsWith("@") ? readText(token.slice(1)).trim() : token,
  };
  return async () => joining;
}

function readRoots(path: string): string {
  const text = readText(path);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new CliError("usage", `--roots ${path}: no certificate is in this file`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CliError("failed", `${path} cannot be read`, undefined, cause);
  }
}

function checkName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  throw new CliError(
    "usage",
    `"${name}" is no name`,
    "lower-case letters, digits and -, at most 63",
  );
}

function ownAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new CliError("usage", `--address ${text}: expected an IP address of this host`);
}

function drainMs(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0 && seconds <= 3_600) return seconds * 1_000;
  throw new CliError("usage", `--drain ${text}: expected seconds, 0 to 3600`);
}
