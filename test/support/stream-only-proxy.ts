import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { openConfigStream } from "#xds/client/config-stream.ts";
import type {
  ConfigStream,
  ConfigStreamOptions,
  ConfigStreamState,
  ConfigUpdate,
  Verdict,
} from "#xds/client/config-stream-options.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import { controlPlaneConnector } from "./control-plane-connector.ts";
import type { TestAuthority, TestIdentity } from "./test-certificates.ts";

export const workload: Workload = {
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: { app: "web" },
  inbound: [{ workloadPort: 8080, address: { host: "127.0.0.1", port: 20_001 } }],
  outbound: [{ kind: "http-proxy", address: { host: "127.0.0.1", port: 15_080 } }],
  admin: { host: "127.0.0.1", port: 15_000 },
  version: "0.1.0",
};

export interface StreamOnlyProxyOptions {
  readonly port: number | (() => number);
  readonly authority: TestAuthority;
  readonly identity: () => TestIdentity;
  readonly known?: Snapshot;
  readonly overrides?: Partial<ConfigStreamOptions>;
}

/** A proxy that only has its stream. */
export class StreamOnlyProxy implements Disposable {
  running: Snapshot;
  readonly updates: ConfigUpdate[] = [];
  readonly states: ConfigStreamState[] = [];
  judge: (update: ConfigUpdate) => Verdict = () => ({ kind: "accepted" });
  readonly stream: ConfigStream;
  readonly #waiting = new Set<() => void>();

  constructor({
    port,
    authority,
    identity,
    known = emptySnapshot,
    overrides,
  }: StreamOnlyProxyOptions) {
    this.running = known;
    this.stream = openConfigStream({
      connect: controlPlaneConnector(() => ({
        port: typeof port === "number" ? port : port(),
        identity: identity(),
        authority,
      })),
      workload,
      nodeId: "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local",
      known,
      apply: (update) => this.#apply(update),
      onState: (state) => {
        this.states.push(state);
        this.#look();
      },
      checkRegex: () => undefined,
      clock: systemClock,
      timers: systemTimers,
      log: silentLog,
      random: () => 0,
      ...overrides,
    });
  }

  [Symbol.dispose](): void {
    this.stream[Symbol.dispose]();
  }

  #apply(update: ConfigUpdate): Verdict {
    const verdict = this.judge(update);
    this.updates.push(update);
    if (verdict.kind === "accepted") this.running = update.snapshot;
    this.#look();
    return verdict;
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  reached(kind: ConfigStreamState["kind"], times = 1): Promise<void> {
    return this.until(() => this.states.filter((state) => state.kind === kind).length >= times);
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
