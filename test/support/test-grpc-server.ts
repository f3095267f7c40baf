import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { type GrpcServer, type GrpcServerOptions, serveGrpc } from "#xds/server/serve-grpc.ts";
import type { ServerTls } from "#xds/server/server-tls.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import type { TestAuthority, TestIdentity } from "./test-certificates.ts";

/** A server identity that a test can rotate. */
export class TestServerTls implements ServerTls {
  #identity: TestIdentity;
  readonly #clientRootsPem: string;
  readonly #callbacks = new Set<() => void>();

  constructor(authority: TestAuthority) {
    this.#identity = authority.issue("istio-system", "istiod");
    this.#clientRootsPem = authority.rootPem;
  }

  current() {
    return { ...this.#identity, clientRootsPem: this.#clientRootsPem };
  }

  onChange(callback: () => void): Disposable {
    this.#callbacks.add(callback);
    return { [Symbol.dispose]: () => void this.#callbacks.delete(callback) };
  }

  rotate(identity: TestIdentity): void {
    this.#identity = identity;
    for (const callback of this.#callbacks) callback();
  }
}

type Needed = Pick<GrpcServerOptions, "config" | "verifyPeer" | "tls">;

/** The real server on a free loopback port; what a test does not care about refuses or forgets. */
export function startGrpcServer(options: Needed & Partial<GrpcServerOptions>): Promise<GrpcServer> {
  return serveGrpc({
    host: "127.0.0.1",
    port: 0,
    issue: () => Promise.reject(new Error("no certificates here")),
    metrics: () => undefined,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
    ...options,
  });
}
