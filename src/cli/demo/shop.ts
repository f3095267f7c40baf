// Starts a control plane and the sample shop, each part a process of its own, exactly as a person would by hand.
import { join } from "node:path";
import type { ProxyView } from "#control/proxy-view.ts";
import { type ApiClient, connectApi } from "../api/api-client.ts";
import { fetchProxies } from "../api/mesh-views.ts";
import { CliError } from "../cli-error.ts";
import { ownCommandLine } from "../own-command-line.ts";
import { type Child, startChild } from "./child.ts";
import { freeServicePort } from "./service-port.ts";
import { readShop, resolveCommand, type ShopWorkload, shopDirectory } from "./shop-manifest.ts";

const shopNamespace = "shop";

export interface ShopOptions {
  readonly dataDir: string;
  /** Visits a second. */
  readonly rate: number;
  /** Aborted: whatever is up by then is taken down again. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

export interface Shop extends AsyncDisposable {
  readonly api: ApiClient;
  readonly controlPlane: Child;
  readonly workloads: readonly Child[];
  /** Services left out, and why. */
  readonly missing: readonly string[];
}

const startDeadlineMs = 30_000;
const stopGraceMs = 7_000;

/** Throws CliError when any part does not come up. */
export async function openShop({ dataDir, rate, say, signal }: ShopOptions): Promise<Shop> {
  const children: Child[] = [];
  const stopAll = async () => {
    const [controlPlane, ...workloads] = children;
    await Promise.all(workloads.map((child) => child.stop(stopGraceMs)));
    await controlPlane?.stop(stopGraceMs);
  };
  try {
    const controlPlane = startChild({
      label: "control plane",
      command: ownCommandLine(["dev", "--data-dir", dataDir, "--port", "0", "-o", "json"]),
    });
    children.push(controlPlane);
    const api = await untilUp(controlPlane, dataDir, signal);
    say(`control plane   ${api.announcement.apiUrl}`);

    const { runnable, missing } = whatCanRun(readShop());
    const services = runnable.filter(({ name }) => name !== "load");
    for (const workload of services) children.push(await startWorkload(workload, dataDir, {}));
    await untilInMesh(api, services.length, { children, signal });
    say(`workloads       ${services.map(labelOf).join(", ")}`);
    await apply(dataDir, join(shopDirectory, "mesh.yaml"));
    say("configuration   a 90/10 canary, mutual TLS only, one policy   examples/shop/mesh.yaml");
    for (const workload of runnable.filter(({ name }) => name === "load"))
      children.push(await startWorkload(workload, dataDir, { RATE: `${rate}` }));
    await untilInMesh(api, runnable.length, { children, signal });
    say(`load            ${rate} visits a second`);
    const [, ...workloads] = children;
    return { api, controlPlane, workloads, missing, [Symbol.asyncDispose]: stopAll };
  } catch (cause) {
    await stopAll();
    throw cause;
  }
}

const labelOf = ({ name, version }: ShopWorkload): string =>
  version === undefined ? name : `${name} ${version}`;

function whatCanRun(workloads: readonly ShopWorkload[]) {
  const runnable = workloads.filter(({ command }) => resolveCommand(command) !== undefined);
  const missing = workloads
    .filter((workload) => !runnable.includes(workload))
    .map(({ name, command }) => `${name} is left out: there is no ${command[0]} on this machine`);
  return { runnable, missing };
}

async function startWorkload(
  workload: ShopWorkload,
  dataDir: string,
  extra: Readonly<Record<string, string>>,
): Promise<Child> {
  const { name, version, servicePort } = workload;
  const port = await freeServicePort(Math.random);
  return startChild({
    label: labelOf(workload),
    command: ownCommandLine([
      ...["run", "--name", name, "--namespace", shopNamespace, "--data-dir", dataDir],
      ...(version === undefined ? [] : ["--label", `version=${version}`]),
      ...(servicePort === undefined ? [] : ["--port", `${servicePort}:${port}`]),
      ...["--drain", "2", "--"],
      ...(resolveCommand(workload.command) ?? []),
    ]),
    directory: shopDirectory,
    environment: {
      PORT: `${port}`,
      ...(version === undefined ? {} : { VERSION: version }),
      ...extra,
    },
  });
}

async function untilUp(
  controlPlane: Child,
  dataDir: string,
  signal: AbortSignal,
): Promise<ApiClient> {
  await until({ children: [controlPlane], signal }, () => controlPlane.output().includes("\n"));
  return connectApi(dataDir);
}

async function untilInMesh(api: ApiClient, count: number, watched: Watched): Promise<void> {
  let proxies: readonly ProxyView[] = [];
  await until(watched, async () => {
    proxies = await fetchProxies(api);
    return proxies.length >= count && proxies.every(isSynced);
  });
}

const isSynced = ({ sync }: ProxyView): boolean =>
  sync.LDS.status === "SYNCED" && sync.CDS.status !== "STALE" && sync.VHDS.status !== "STALE";

interface Watched {
  readonly children: readonly Child[];
  readonly signal: AbortSignal;
}

/** Looks again until it holds; ends early, with its last words, when any child has died. */
async function until(
  { children, signal }: Watched,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + startDeadlineMs;
  let died: Child | undefined;
  for (const child of children) void child.exited.then(() => (died ??= child));
  while (!(await holds())) {
    if (signal.aborted) throw new CliError("failed", "interrupted before the shop was up");
    if (died) throw new CliError("failed", `${died.label} ended at once`, lastWords(died));
    if (performance.now() > deadline) {
      const words = children.map((child) => `${child.label}: ${lastWords(child)}`).join("\n  ");
      throw new CliError(
        "failed",
        `the shop did not come up in ${startDeadlineMs / 1_000} s`,
        words,
      );
    }
    await Bun.sleep(25);
  }
}

const lastWords = (child: Child): string =>
  child.complaints().trim().split("\n").slice(-5).join("\n  ");

async function apply(dataDir: string, file: string): Promise<void> {
  const child = startChild({
    label: "weft apply",
    command: ownCommandLine(["apply", "--data-dir", dataDir, "--wait", "-f", file]),
  });
  if ((await child.exited) !== 0)
    throw new CliError("failed", `${file} was refused`, lastWords(child));
}
