// Assembles a control plane. The straight line of a change, from top to bottom: API → store → world → compiler → sessions →
// xDS; and back up: what proxies acknowledge becomes the status of objects.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { badRequest } from "#apiserver/errors/api-error.ts";
import { kubeconfig } from "#apiserver/kubeconfig.ts";
import { openRegistry, type Registry } from "#apiserver/registry/registry.ts";
import type { TokenWish } from "#apiserver/rest/resource-request.ts";
import { type ApiServer, serveApi } from "#apiserver/serve-api.ts";
import { TOKEN_AUDIENCE } from "#ca/attestation/join-token.ts";
import { CaError } from "#ca/ca-error.ts";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { kindKey } from "#resources/kind.ts";
import { kinds } from "#resources/kinds.ts";
import { openSqliteStore } from "#store/sqlite/open-sqlite-store.ts";
import { type GrpcServer, serveGrpc } from "#xds/server/serve-grpc.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import { admitMeaning } from "./admit-meaning.ts";
import { loadApiToken } from "./api-token.ts";
import {
  type Announcement,
  announce,
  type DataDirectory,
  openDataDirectory,
  withdrawAnnouncement,
} from "./data-directory.ts";
import { debugRoutes } from "./debug-routes.ts";
import { followStore } from "./follow-store.ts";
import { issueCertificates } from "./issue-certificates.ts";
import { keepCertificate, type RotatingTls } from "./keep-certificate.ts";
import { openStatusWriter } from "./liveness/status-writer.ts";
import { type MeshIdentity, openMeshIdentity } from "./mesh-identity.ts";
import { ObjectCache } from "./object-cache.ts";
import { defaultGraceMs, Registrations } from "./registration/registrations.ts";
import { onRememberedPort, readPorts } from "./remembered-ports.ts";
import { type MetricsServer, serveMetrics } from "./serve-metrics.ts";
import { goldenPush, pusherKey } from "./signals/golden-push.ts";
import { XdsPlane } from "./xds-plane.ts";

export interface ControlPlaneOptions {
  readonly dataDir: string;
  /** Address to listen on. */
  readonly host: string;
  readonly ports: ControlPlanePorts;
  readonly trustDomain: string;
  /** Folder with Istio's four CA files; absent: a root of our own. */
  readonly caFiles?: string;
  /** Further names and addresses that clients use. */
  readonly extraNames: readonly string[];
  readonly extraAddresses: readonly string[];
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** 0: the one of last time, else any free one. */
export interface ControlPlanePorts {
  readonly api: number;
  readonly xds: number;
  readonly metrics: number;
}

export interface ControlPlane extends AsyncDisposable {
  readonly announcement: Announcement;
  readonly kubeconfig: string;
}

const drainMs = 2_000;

/** A control plane that exists is serving. Throws StoreError, CaError, or what listening throws. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, log, random, trustDomain } = options;
  await using stack = new AsyncDisposableStack();
  const directory = openDataDirectory(options.dataDir);
  const store = stack.use(openSqliteStore({ file: directory.store }));
  const identity = stack.use(await openMeshIdentity({ ...options, directory }));
  const tls = stack.use(keepCertificate(identity, clock, log));

  const cache = new ObjectCache();
  const admission = [admitMeaning(cache, { trustDomain })];
  const uuid = () => randomUUID();
  const registry = await openRegistry({ store, kinds, admission, clock, log, uuid, random });
  const registrations = stack.use(new Registrations({ registry, log, graceMs: defaultGraceMs }));
  const plane = new XdsPlane({ identity, registrations, cache, trustDomain, clock });
  const status = stack.use(openStatusWriter({ registry, plane, cache, trustDomain, clock, log }));
  plane.onProgress(() => status.touch());

  const follow = (changes: Parameters<ObjectCache["take"]>[0]) => {
    cache.take(changes);
    plane.take(changes);
    status.touch();
  };
  stack.use(await followStore(store, kinds.map(kindKey), follow, log));

  const servers = await listen({
    options,
    directory,
    identity,
    tls,
    registry,
    plane,
    cache,
    stack,
  });
  await registrations.adopt();

  const announcement = describe(options, identity, servers);
  writeKubeconfig(directory, announcement);
  announce(directory, announcement);
  const running = stack.move();
  return {
    announcement,
    kubeconfig: directory.kubeconfig,
    async [Symbol.asyncDispose]() {
      withdrawAnnouncement(directory);
      await servers.grpc.drain(drainMs);
      await running[Symbol.asyncDispose]();
    },
  };
}

interface Parts {
  readonly options: ControlPlaneOptions;
  readonly directory: DataDirectory;
  readonly identity: MeshIdentity;
  readonly tls: RotatingTls;
  readonly registry: Registry;
  readonly plane: XdsPlane;
  readonly cache: ObjectCache;
  /** Takes each server as soon as it listens: the next one's port may be taken. */
  readonly stack: AsyncDisposableStack;
}

interface Servers {
  readonly grpc: GrpcServer;
  readonly api: ApiServer;
  readonly apiToken: string;
  readonly metrics: MetricsServer;
}

async function listen(parts: Parts): Promise<Servers> {
  const { directory, tls, stack, options } = parts;
  const memory = readPorts(directory);
  const apiToken = await loadApiToken(join(directory.tokens, "api"));
  const { ports } = options;
  const grpc = stack.use(
    await onRememberedPort(memory, "xds", ports.xds, (port) => listenGrpc(parts, port)),
  );
  const api = stack.use(
    await onRememberedPort(memory, "api", ports.api, (port) => listenApi(parts, port, apiToken)),
  );
  tls.onChange(() => api.setTls(tls.current()));
  const metrics = stack.use(
    await onRememberedPort(memory, "metrics", ports.metrics, (port) => listenMetrics(parts, port)),
  );
  memory.save({ xds: grpc.port, api: api.port, metrics: metrics.port });
  return { grpc, api, apiToken, metrics };
}

function listenGrpc({ options, identity, tls, plane }: Parts, port: number): Promise<GrpcServer> {
  const { host, clock, log } = options;
  return serveGrpc({
    host,
    port,
    tls: tls.grpc,
    verifyPeer: (chain) => identity.verifyPeer(chain),
    config: plane.sessions,
    issue: issueCertificates(identity),
    metrics: ({ peer, nodeId, families }) => {
      const now = clock.wallMs();
      // Only of proxies that are connected: whoever is not is forgotten by nobody.
      if (!plane.sessions.has(peer, nodeId)) return;
      const pusher = pusherKey(peer, nodeId);
      plane.signals.record(pusher, peer.namespace, goldenPush(families, now), now);
      plane.seenProtocols.record(pusher, families);
    },
    clock,
    timers: systemTimers,
    log,
  });
}

function listenApi(
  { options, identity, registry, tls, plane }: Parts,
  port: number,
  token: string,
): Promise<ApiServer> {
  const { host, extraNames, extraAddresses, clock, log, random } = options;
  const { rootExpiresAtMs } = identity;
  return serveApi({
    registry,
    tls: tls.current(),
    tokens: [{ token, user: "weft-admin", groups: ["system:masters"] }],
    address: { host, port },
    names: [...extraNames, ...extraAddresses],
    extraRoutes: debugRoutes(plane.views({ ...options, rootExpiresAtMs })),
    issueToken: tokenIssuer(identity),
    clock,
    log,
    random,
  });
}

async function listenMetrics({ options, ...parts }: Parts, port: number): Promise<MetricsServer> {
  const { clock, version } = options;
  return serveMetrics({ ...parts, host: "127.0.0.1", port, clock, version });
}

/** Tokens of the TokenRequest call are join tokens of our CA. */
function tokenIssuer(identity: MeshIdentity) {
  return async (
    namespace: string,
    serviceAccount: string,
    { audiences, expirationSeconds, uses }: TokenWish,
  ) => {
    if (audiences.some((audience) => audience !== TOKEN_AUDIENCE))
      throw badRequest(`spec.audiences: tokens are good for ${TOKEN_AUDIENCE} only`);
    const grant = { namespace, serviceAccount, lifetimeSeconds: expirationSeconds };
    const made = await identity
      .createToken(uses === undefined ? grant : { ...grant, uses })
      .catch((cause: unknown) => {
        throw cause instanceof CaError ? badRequest(cause.message) : cause;
      });
    const expirationTimestamp = new Date(made.expiresAtMs).toISOString().replace(/\.\d+Z$/, "Z");
    return { token: made.token, expirationTimestamp };
  };
}

function describe(
  { host, trustDomain, version }: ControlPlaneOptions,
  identity: MeshIdentity,
  { grpc, api, apiToken, metrics }: Servers,
): Announcement {
  // Commands and proxies of this host reach a wildcard address on loopback.
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return {
    pid: process.pid,
    apiUrl: `https://${reachable.includes(":") ? `[${reachable}]` : reachable}:${api.port}`,
    apiToken,
    xds: { host: reachable, port: grpc.port },
    metrics: { host: "127.0.0.1", port: metrics.port },
    roots: identity.authority.rootsPem,
    trustDomain,
    version,
  };
}

function writeKubeconfig(
  directory: DataDirectory,
  { apiUrl, apiToken, roots }: Announcement,
): void {
  const text = kubeconfig({ url: apiUrl, token: apiToken, caCert: roots });
  writeFileSync(join(directory.kubeconfig), text, { mode: 0o600 });
}
