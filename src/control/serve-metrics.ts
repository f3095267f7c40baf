// Istio's port 15014: what monitoring asks of a control plane, in plaintext on loopback.
import { Hono } from "hono";
import type { Clock } from "#core/clock.ts";
import type { MeshIdentity } from "./mesh-identity.ts";
import type { ObjectCache } from "./object-cache.ts";
import type { XdsPlane } from "./xds-plane.ts";

export interface MetricsOptions {
  readonly host: string;
  readonly port: number;
  readonly plane: XdsPlane;
  readonly cache: ObjectCache;
  readonly identity: MeshIdentity;
  readonly clock: Clock;
  readonly version: string;
}

export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/** Throws when the port cannot be had. */
export function serveMetrics(options: MetricsOptions): MetricsServer {
  const { plane, version } = options;
  const app = new Hono();
  app.get("/metrics", (context) => context.text(exposition(options)));
  app.get("/ready", (context) => context.text("ready\n"));
  app.get("/version", (context) => context.json({ version }));
  app.get("/debug/syncz", (context) => context.json(plane.proxies()));
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    fetch: (request) => (isLocal(request) ? app.fetch(request) : new Response("", { status: 421 })),
  });
  return {
    port: server.port ?? options.port,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** A page in a browser must not reach this by a name of its own that resolves to loopback. */
function isLocal(request: Request): boolean {
  const { hostname } = new URL(request.url);
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

function exposition({ plane, cache, identity, clock, version }: MetricsOptions): string {
  const sessions = plane.sessions.all();
  const count = (kind: string) => cache.list(kind).length;
  const rejected = sessions.filter(({ nacked }) => nacked !== undefined).length;
  const uptime = (clock.wallMs() - plane.startedAtMs) / 1_000;
  return [
    gauge("pilot_xds", "Proxies with a configuration stream.", sessions.length),
    gauge("weft_proxies_in_error", "Proxies that refused what they were sent last.", rejected),
    gauge("pilot_services", "Services known.", count("services")),
    gauge(
      "pilot_virt_services",
      "VirtualServices known.",
      count("virtualservices.networking.istio.io"),
    ),
    gauge("istiod_uptime_seconds", "Seconds since the control plane started.", uptime),
    gauge(
      "citadel_server_root_cert_expiry_timestamp",
      "When the CA ends, in Unix seconds.",
      identity.rootExpiresAtMs / 1_000,
    ),
    `# HELP istio_build Version.\n# TYPE istio_build gauge\nistio_build{component="weft",tag="${version}"} 1\n`,
  ].join("");
}

const gauge = (name: string, help: string, value: number): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
