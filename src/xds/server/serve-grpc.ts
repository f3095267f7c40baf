// One TLS port for everything that proxies ask of the control plane: configuration, certificates, and where their
// golden signals go. Each call is authenticated by itself.
import {
  type Metadata,
  Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import type { IssueCertificate } from "../ca/issue-certificate.ts";
import { answerCertificateCall } from "../ca/serve-certificates.ts";
import { decodeMetricsMessage } from "../messages/metrics.ts";
import type { ReceiveMetrics } from "../metrics/receive-metrics.ts";
import type { Timers } from "../stream/timers.ts";
import { asXdsError, XdsError } from "../xds-error.ts";
import { type AdsCall, AdsStream } from "./ads-stream.ts";
import type { ConfigSource } from "./config-source.ts";
import { certificateService, discoveryService, metricsService } from "./grpc-services.ts";
import { provePeer } from "./peer-chain.ts";
import type { PeerIdentity, VerifyPeer } from "./peer-identity.ts";
import { rotatingCredentials, type ServerTls } from "./server-tls.ts";

export interface GrpcServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: ServerTls;
  readonly verifyPeer: VerifyPeer;
  readonly config: ConfigSource;
  readonly issue: IssueCertificate;
  readonly metrics: ReceiveMetrics;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Listening until disposed. */
export interface GrpcServer extends AsyncDisposable {
  readonly port: number;
  /** Ends every stream with UNAVAILABLE, takes no new calls; resolves when all are gone or the deadline has passed. */
  drain(deadlineMs: number): Promise<void>;
}

const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;

const CHANNEL_OPTIONS = {
  "grpc.enable_http_proxy": 0,
  "grpc.max_receive_message_length": MESSAGE_MAX_BYTES,
  "grpc.max_send_message_length": MESSAGE_MAX_BYTES,
  "grpc.max_concurrent_streams": 100,
  // A proxy whose host has vanished is noticed within half a minute.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
};

type Bytes = Uint8Array;

/** Rejects with XdsError `unavailable` when the address cannot be bound. */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server(CHANNEL_OPTIONS);
  const streams = new Set<AdsStream>();
  const serveAds = (protocol: AdsCall["protocol"]) => (call: ServerDuplexStream<Bytes, Bytes>) =>
    serveDiscovery(call, protocol, options, streams);
  server.addService(discoveryService, {
    StreamAggregatedResources: serveAds("state-of-the-world"),
    DeltaAggregatedResources: serveAds("delta"),
  });
  server.addService(certificateService, {
    CreateCertificate: (call: ServerUnaryCall<Bytes, Bytes>, reply: sendUnaryData<Bytes>) =>
      void serveCertificate(call, reply, options),
  });
  server.addService(metricsService, {
    StreamMetrics: (call: ServerReadableStream<Bytes, Bytes>, reply: sendUnaryData<Bytes>) =>
      serveMetrics(call, reply, options),
  });
  const { credentials, ...rotation } = rotatingCredentials(options.tls);
  const port = await bind(server, options, credentials);
  async function drain(deadlineMs: number): Promise<void> {
    for (const stream of streams)
      stream.end(new XdsError("unavailable", "the control plane is stopping: connect again"));
    await shutDown(server, options.timers, deadlineMs);
    rotation[Symbol.dispose]();
  }
  return { port, drain, [Symbol.asyncDispose]: () => drain(0) };
}

function bind(
  server: Server,
  { host, port }: GrpcServerOptions,
  credentials: Parameters<Server["bindAsync"]>[1],
): Promise<number> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(new XdsError("unavailable", `cannot listen on ${address}: ${error.message}`, error));
    });
  });
}

function shutDown(server: Server, timers: Timers, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = timers.after(deadlineMs, () => {
      server.forceShutdown();
      resolve();
    });
    server.tryShutdown(() => {
      force[Symbol.dispose]();
      resolve();
    });
  });
}

function serveDiscovery(
  call: ServerDuplexStream<Bytes, Bytes>,
  protocol: AdsCall["protocol"],
  { config: source, verifyPeer, clock, timers, log }: GrpcServerOptions,
  streams: Set<AdsStream>,
): void {
  const fail = (error: XdsError): void => void call.emit("error", toStatus(error));
  const peer = requirePeer(call, verifyPeer);
  if (peer instanceof XdsError) {
    fail(peer);
    return;
  }
  const address = call.getPeer();
  const send = (bytes: Bytes): void => void call.write(bytes);
  const stream = new AdsStream(
    { protocol, peer, address, send, fail },
    { source, clock, timers, log },
  );
  streams.add(stream);
  const close = (): void => {
    stream.close();
    streams.delete(stream);
  };
  call.on("data", (bytes: Bytes) => stream.receive(bytes));
  // A reset ends it too, and says so a moment later: it is no farewell.
  call.on("end", () =>
    setImmediate(() => {
      if (!streams.has(stream)) return;
      const left = stream.leave();
      close();
      void left.then(() => call.end());
    }),
  );
  for (const event of ["cancelled", "error", "close", "finish"]) call.on(event, close);
}

async function serveCertificate(
  call: ServerUnaryCall<Bytes, Bytes>,
  reply: sendUnaryData<Bytes>,
  { issue, verifyPeer, log }: GrpcServerOptions,
): Promise<void> {
  try {
    const { peer, problem: peerProblem } = provePeer(call, verifyPeer);
    const bearer = bearerOf(call.metadata);
    reply(null, await answerCertificateCall(call.request, { bearer, peer, peerProblem }, issue));
  } catch (cause) {
    const isOurs = cause instanceof XdsError;
    if (!isOurs) log.error({ err: cause, address: call.getPeer() }, "issuing a certificate failed");
    reply(
      toStatus(isOurs ? cause : new XdsError("internal", "the certificate could not be issued")),
    );
  }
}

function serveMetrics(
  call: ServerReadableStream<Bytes, Bytes>,
  reply: sendUnaryData<Bytes>,
  { metrics, verifyPeer }: GrpcServerOptions,
): void {
  let isOver = false;
  const finish = (error: XdsError | undefined): void => {
    if (isOver) return;
    isOver = true;
    if (error) reply(toStatus(error));
    else reply(null, new Uint8Array(0)); // StreamMetricsResponse has no fields
  };
  const peer = requirePeer(call, verifyPeer);
  if (peer instanceof XdsError) {
    finish(peer);
    return;
  }
  let nodeId: string | undefined;
  call.on("data", (bytes: Bytes) => {
    if (isOver) return;
    try {
      const { node, families } = decodeMetricsMessage(bytes);
      nodeId ??= node?.id;
      if (nodeId === undefined)
        throw new XdsError("malformed", "the first message of a metrics stream must carry a node");
      metrics({ peer, nodeId, families });
    } catch (cause) {
      finish(asXdsError(cause));
    }
  });
  call.on("error", () => finish(undefined)); // the caller is gone
  call.on("end", () => finish(undefined));
}

function requirePeer(call: unknown, verifyPeer: VerifyPeer): PeerIdentity | XdsError {
  const { peer, problem } = provePeer(call, verifyPeer);
  if (peer) return peer;
  return (
    problem ??
    new XdsError(
      "unauthenticated",
      "no client certificate was shown: get one with a join token (CreateCertificate), then connect with it",
    )
  );
}

function bearerOf(metadata: Metadata): string | undefined {
  const [value] = metadata.get("authorization");
  const match = typeof value === "string" ? /^Bearer +(\S+)$/i.exec(value) : null;
  return match?.[1];
}

function toStatus({ facts, message }: XdsError): {
  code: number;
  details: string;
  name: string;
  message: string;
} {
  return { code: facts.status, details: message, name: "XdsError", message };
}
