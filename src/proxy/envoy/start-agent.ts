// The life of the agent beside an Envoy: an identity, the socket that Envoy asks, Envoy itself, then the same duties as a
// proxy of ours: readiness, admin, golden signals, draining. Envoy carries the traffic.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import { DELTA_PATH, SECRETS_PATH } from "#xds/grpc-paths.ts";
import { serveLocalGrpc } from "#xds/server/local-grpc.ts";
import { XdsError } from "#xds/xds-error.ts";
import type { EnvoySettings } from "../bootstrap.ts";
import {
  type ControlPlaneLinkOptions,
  certificateRequester,
  connectorTo,
} from "../control-plane/control-plane-link.ts";
import { enrol } from "../identity/enrol.ts";
import { IdentityStore } from "../identity/identity-store.ts";
import { selfLabels } from "../self-labels.ts";
import type { ProxyOptions, Proxy as StartedProxy } from "../start-proxy.ts";
import { serveAgentAdmin } from "./agent-admin.ts";
import { EnvoyAdmin } from "./envoy-admin.ts";
import { envoyBootstrap } from "./envoy-bootstrap.ts";
import { EnvoyProcess } from "./envoy-process.ts";
import { type GoldenFacts, goldenSignals } from "./golden-signals.ts";
import { startSignalPush } from "./push-signals.ts";
import { ConfigRelay } from "./relay-config.ts";
import { SecretService } from "./serve-secrets.ts";

const READY_POLL_MS = 50;
const DRAIN_POLL_MS = 100;
const STOP_MS = 2_000;

/** Starts in the background: `onEvent` tells when Envoy is ready. Throws when the state directory cannot be used. */
export async function startEnvoyAgent(options: ProxyOptions): Promise<StartedProxy> {
  const settings = options.bootstrap.envoy;
  if (settings === undefined) throw new Error("the bootstrap does not say which Envoy to run");
  const agent = new EnvoyAgent(options, settings);
  await agent.serveAdmin();
  agent.begin();
  return agent;
}

class EnvoyAgent implements StartedProxy {
  readonly #options: ProxyOptions;
  readonly #settings: EnvoySettings;
  readonly #identity: IdentityStore;
  readonly #relay: ConfigRelay | undefined;
  readonly #secrets: SecretService;
  readonly #admin: EnvoyAdmin;
  readonly #open = new AsyncDisposableStack();
  readonly #facts: GoldenFacts;
  readonly #startedAtMs: number;
  #push: AsyncDisposable | undefined;
  #process: EnvoyProcess | undefined;
  #isStopped = false;
  #waitsFor: string | undefined = "an identity";

  constructor(options: ProxyOptions, settings: EnvoySettings) {
    this.#options = options;
    this.#settings = settings;
    const { bootstrap, clock, random, log } = options;
    const { workload, stateDirectory, trustDomain } = bootstrap;
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const { namespace, serviceAccount } = workload;
    const link = this.#link();
    this.#identity = new IdentityStore({
      id: spiffeIdOf({ trustDomain, namespace, serviceAccount }),
      trustDomain,
      path: join(stateDirectory, "identity"),
      requestCertificate: link && certificateRequester(link),
      clock,
      random,
      log,
      onRenewed: () => this.#renewed(),
    });
    this.#secrets = new SecretService(() => this.#identity.held, log);
    this.#relay =
      link && new ConfigRelay({ connect: connectorTo(link, () => this.#identity.held), log });
    this.#facts = { workload, self: selfLabels(workload, this.#identity.id) };
    this.#startedAtMs = clock.wallMs();
    this.#admin = new EnvoyAdmin(join(settings.socketFolder, "admin"));
  }

  async serveAdmin(): Promise<void> {
    const { bootstrap, clock } = this.#options;
    const served = await serveAgentAdmin({
      sockets: bootstrap.sockets,
      admin: this.#admin,
      identity: this.#identity,
      wallMs: () => clock.wallMs(),
      golden: (text) => goldenSignals(text, this.#facts),
      notReadyBecause: () => this.#notReadyBecause(),
    });
    this.#open.use(served);
  }

  begin(): void {
    this.#run().catch((cause: unknown) => this.#fail(cause));
  }

  reopenLogs(): void {
    this.#admin.post("/reopen_logs").catch((cause: unknown) => {
      this.#options.log.warn({ reason: String(cause) }, "Envoy did not reopen its access log");
    });
  }

  async drain(): Promise<void> {
    await this.#stop(this.#options.bootstrap.drainMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop(0);
  }

  async #run(): Promise<void> {
    const { log, onEvent } = this.#options;
    const isStopped = () => this.#isStopped;
    if (!this.#identity.load()) await enrol(this.#identity, { log, isStopped });
    if (this.#isStopped) return;
    this.#identity.keepFresh();
    this.#waitsFor = "Envoy";
    await this.#serveEnvoy();
    this.#startEnvoy();
    await this.#untilReady();
    if (this.#isStopped) return;
    this.#process?.isReady();
    this.#waitsFor = undefined;
    this.#startPush();
    onEvent({ event: "ready", source: "control-plane" });
  }

  async #serveEnvoy(): Promise<void> {
    const relay = this.#relay;
    const handlers = new Map([
      [SECRETS_PATH, this.#secrets.serve.bind(this.#secrets)],
      ...(relay === undefined ? [] : [[DELTA_PATH, relay.serve.bind(relay)] as const]),
    ]);
    this.#open.use(await serveLocalGrpc(this.#agentSocket, handlers));
  }

  #startEnvoy(): void {
    const { bootstrap, clock, log } = this.#options;
    const { stateDirectory, workload, secret, drainMs } = bootstrap;
    const { path, concurrency, socketFolder } = this.#settings;
    const file = join(stateDirectory, "envoy.json");
    const facts = {
      workload,
      agentSocket: this.#agentSocket,
      adminSocket: join(socketFolder, "admin"),
    };
    writeFileSync(file, envoyBootstrap(facts), { mode: 0o600 });
    const credentials = workload.engine?.credentials;
    if (credentials !== undefined)
      writeFileSync(credentials, passwordLine(secret), { mode: 0o600 });
    this.#process = new EnvoyProcess({
      command: [
        path,
        ...["--config-path", file],
        ...["--concurrency", `${concurrency}`],
        "--disable-hot-restart",
        ...["--log-level", "warning"],
        ...["--drain-time-s", `${Math.max(1, Math.ceil(drainMs / 1_000))}`],
        ...["--drain-strategy", "immediate"],
      ],
      clock,
      log,
      onHopeless: (how) => this.#fail(new Error(`Envoy (${path}) does not start: ${how}`)),
    });
  }

  async #untilReady(): Promise<void> {
    while (!this.#isStopped && (await this.#envoyWaitsFor()) !== undefined)
      await Bun.sleep(READY_POLL_MS);
  }

  async #notReadyBecause(): Promise<string | undefined> {
    return this.#waitsFor === undefined ? await this.#envoyWaitsFor() : this.#waitsFor;
  }

  async #envoyWaitsFor(): Promise<string | undefined> {
    const { inbound, outbound } = this.#options.bootstrap.workload;
    return await this.#admin.notReadyBecause([
      ...inbound.map(({ workloadPort }) => `inbound|${workloadPort}`),
      ...outbound.map(({ kind, address }) =>
        kind === "http-proxy" ? kind : `upstream|${address.port}`,
      ),
    ]);
  }

  #startPush(): void {
    const link = this.#link();
    if (link === undefined) return;
    this.#push = startSignalPush({
      admin: this.#admin,
      facts: this.#facts,
      connect: connectorTo(link, () => this.#identity.held),
      startedAtMs: this.#startedAtMs,
      log: this.#options.log,
    });
  }

  #renewed(): void {
    this.#secrets.push();
    this.#relay?.reopen();
  }

  #fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof XdsError ? cause.code : "internal";
    this.#options.log.error({ code, reason: message }, "the agent cannot go on");
    this.#options.onEvent({ event: "fatal", code, message });
  }

  async #stop(drainMs: number): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#identity[Symbol.dispose]();
    await this.#relay?.leave(); // others learn that we leave before we do
    if (drainMs > 0 && this.#waitsFor === undefined) await this.#drainEnvoy(drainMs);
    await this.#push?.[Symbol.asyncDispose]();
    await this.#process?.stop(STOP_MS);
    await this.#open.disposeAsync();
  }

  /** Answers say that their connection ends with them; we wait for what is under way. */
  async #drainEnvoy(drainMs: number): Promise<void> {
    const { clock, log } = this.#options;
    const deadline = clock.monotonicMs() + drainMs;
    try {
      await this.#admin.post("/drain_listeners?graceful&skip_exit");
      while (clock.monotonicMs() < deadline && (await this.#admin.activeRequests()) > 0)
        await Bun.sleep(DRAIN_POLL_MS);
    } catch (cause) {
      log.warn({ reason: String(cause) }, "Envoy could not be drained");
    }
  }

  get #agentSocket(): string {
    return join(this.#settings.socketFolder, "agent");
  }

  #link(): ControlPlaneLinkOptions | undefined {
    const { bootstrap, clock } = this.#options;
    const { controlPlane, token } = bootstrap;
    if (controlPlane === undefined) return undefined;
    const moreRoots = () => [...this.#identity.rootsPem, ...(this.#identity.held?.rootsPem ?? [])];
    return { controlPlane, token, moreRoots, clock };
  }
}

/** Apache's format: the name and the SHA-1 of the password, which is 24 random octets. */
function passwordLine(secret: string): string {
  return `weft:{SHA}${createHash("sha1").update(secret).digest("base64")}\n`;
}
