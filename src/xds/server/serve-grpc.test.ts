// The server against grpc-js's own client, over real TLS.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import {
  cluster,
  endpoints,
  listener,
  routes,
  secret,
  snapshotOf,
  virtualHost,
  withChanges,
} from "../../../test/support/config-samples.ts";
import { TestConfigSource } from "../../../test/support/control-plane-stand-in.ts";
import { makeAuthority } from "../../../test/support/test-certificates.ts";
import { startGrpcServer, TestServerTls } from "../../../test/support/test-grpc-server.ts";
import type { SigningRequest } from "../ca/issue-certificate.ts";
import { CERTIFICATE_PATH, DELTA_PATH, METRICS_PATH, WHOLE_PATH } from "../grpc-paths.ts";
import { decodeCertificateResponse, encodeCertificateRequest } from "../messages/certificate.ts";
import { RouteConfiguration } from "../messages/generated/envoy/config/route/v3/route.ts";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from "../messages/generated/envoy/service/discovery/v3/discovery.ts";
import { encodeMetricsMessage } from "../messages/metrics.ts";
import { typeUrlOf } from "../messages/type-url.ts";
import type { MetricsReport } from "../metrics/receive-metrics.ts";
import { XdsError } from "../xds-error.ts";
import type { GrpcServer } from "./serve-grpc.ts";

const authority = makeAuthority();
const stranger = makeAuthority("a stranger");
const tls = new TestServerTls(authority);
const web = authority.issue("shop", "web");
const source = new TestConfigSource();
const issued: SigningRequest[] = [];
const reports: MetricsReport[] = [];
let server: GrpcServer;
let onMetrics: () => void = () => undefined;
let answer: () => Promise<readonly string[]>;

beforeAll(async () => {
  server = await startGrpcServer({
    config: source,
    tls,
    verifyPeer: authority.verify,
    issue: (request) => {
      issued.push(request);
      return answer();
    },
    metrics: (report) => {
      reports.push(report);
      onMetrics();
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  source.refusal = undefined;
  answer = () => Promise.resolve(["leaf", "root"]);
});

const raw = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const same = (bytes: Buffer): Uint8Array => bytes;

function client(identity?: { chainPem: string; keyPem: string }): Client {
  const root = Buffer.from(authority.rootPem);
  const own = identity
    ? credentials.createSsl(root, Buffer.from(identity.keyPem), Buffer.from(identity.chainPem), {
        checkServerIdentity: () => undefined,
      })
    : credentials.createSsl(root, null, null, { checkServerIdentity: () => undefined });
  return new Client(`127.0.0.1:${server.port}`, own, {
    "grpc.enable_http_proxy": 0,
    "grpc.ssl_target_name_override": "istiod",
  });
}

type Duplex = ClientDuplexStream<Uint8Array, Uint8Array>;

/** One stream of a scripted client: `say`, then `hear` the next response; `status` when it ends. */
class Script<Q, R> implements Disposable {
  readonly #client: Client;
  readonly #call: Duplex;
  readonly #heard: R[] = [];
  readonly #waiting: ((response: R) => void)[] = [];
  readonly #encode: (request: Q) => Uint8Array;
  readonly status: Promise<string>;

  constructor(
    path: string,
    encode: (request: Q) => Uint8Array,
    decode: (bytes: Uint8Array) => R,
    identity: { chainPem: string; keyPem: string } | undefined = web,
  ) {
    this.#client = client(identity);
    this.#encode = encode;
    this.#call = this.#client.makeBidiStreamRequest(path, raw, same);
    this.#call.on("data", (bytes: Uint8Array) => {
      const response = decode(bytes);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(response);
      else this.#heard.push(response);
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    this.status = promise;
    this.#call.on("error", ({ code, details }: ServiceError) => resolve(`${code} ${details}`));
    this.#call.on("end", () => resolve("0"));
  }

  say(request: Q): void {
    this.#call.write(this.#encode(request));
  }

  sayBytes(bytes: Uint8Array): void {
    this.#call.write(bytes);
  }

  finish(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  hear(): Promise<R> {
    const heard = this.#heard.shift();
    if (heard) return Promise.resolve(heard);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing more has come, after everything in flight has had time to: a later answer proves the order. */
  get unheard(): number {
    return this.#heard.length;
  }

  [Symbol.dispose](): void {
    this.#call.cancel();
    this.#client.close();
  }
}

type DeltaSays = Parameters<typeof DeltaDiscoveryRequest.fromPartial>[0];
type WholeSays = Parameters<typeof DiscoveryRequest.fromPartial>[0];

const delta = (identity?: { chainPem: string; keyPem: string }) =>
  new Script<DeltaSays, DeltaDiscoveryResponse>(
    DELTA_PATH,
    (says) => DeltaDiscoveryRequest.encode(DeltaDiscoveryRequest.fromPartial(says)).finish(),
    (bytes) => DeltaDiscoveryResponse.decode(bytes),
    identity,
  );
const whole = () =>
  new Script<WholeSays, DiscoveryResponse>(
    WHOLE_PATH,
    (says) => DiscoveryRequest.encode(DiscoveryRequest.fromPartial(says)).finish(),
    (bytes) => DiscoveryResponse.decode(bytes),
  );

const node = { id: "test-node" };
const CLUSTER = typeUrlOf("cluster");
const ENDPOINTS = typeUrlOf("endpoints");
const ROUTE = typeUrlOf("route");
const everything = snapshotOf(
  secret(),
  cluster("a"),
  endpoints("a"),
  listener("http-proxy"),
  routes("http-proxy"),
  virtualHost("http-proxy/a", "a"),
);
const namesOf = ({ resources }: DeltaDiscoveryResponse) => resources.map(({ name }) => name);

describe("a delta stream", () => {
  test("sends, takes the acknowledgement, and sends only what changes then", async () => {
    source.set(everything);
    using script = delta();
    script.say({ node, typeUrl: CLUSTER });
    const first = await script.hear();
    expect(namesOf(first)).toEqual(["a"]);
    expect(first.resources[0]?.version).toBe("1");
    script.say({ typeUrl: CLUSTER, responseNonce: first.nonce });
    script.say({ typeUrl: ENDPOINTS, resourceNamesSubscribe: ["a"] });
    expect(namesOf(await script.hear())).toEqual(["a"]);
    source.set(withChanges(everything, [cluster("b")]));
    expect(namesOf(await script.hear())).toEqual(["b"]);
  });

  test("sends nothing again to a client that has it already, even from before a restart", async () => {
    source.set(withChanges(everything, [cluster("b", "2")]));
    using script = delta();
    const initialResourceVersions = { a: "1", b: "1", gone: "1" };
    script.say({
      node,
      typeUrl: CLUSTER,
      resourceNamesSubscribe: ["*"],
      initialResourceVersions,
    });
    const response = await script.hear();
    expect(namesOf(response)).toEqual(["b"]);
    expect(response.removedResources).toEqual(["gone"]);
  });

  test("reports a refusal with the resource at fault, and sends the others", async () => {
    source.set(withChanges(everything, [cluster("bad")]));
    source.events.length = 0;
    using script = delta();
    script.say({ node, typeUrl: CLUSTER });
    const { nonce } = await script.hear();
    const message = 'cluster "bad": connect_timeout is not supported';
    script.say({ typeUrl: CLUSTER, responseNonce: nonce, errorDetail: { code: 3, message } });
    expect(namesOf(await script.hear())).toEqual(["a"]);
    const nacked = source.events.find(({ kind }) => kind === "nacked");
    expect(nacked).toMatchObject({ type: "cluster", resource: "bad", reason: message, nonce });
  });

  test("gives whole routes to a client that does not ask for virtual hosts", async () => {
    source.set(everything);
    using script = delta();
    script.say({ node, typeUrl: ROUTE, resourceNamesSubscribe: ["http-proxy"] });
    const [resource] = (await script.hear()).resources;
    const message = RouteConfiguration.decode(resource?.resource?.value ?? new Uint8Array(0));
    expect(message.virtualHosts.map(({ name }) => name)).toEqual(["a"]);
    expect(message.vhds).toBeUndefined();
  });

  test("releases the feed when the client goes", async () => {
    source.set(everything);
    await source.until(() => source.openFeeds === 0);
    const script = delta();
    script.say({ node, typeUrl: CLUSTER });
    await script.hear();
    expect(source.openFeeds).toBe(1);
    script[Symbol.dispose]();
    await source.until(() => source.openFeeds === 0);
  });

  test("takes the end of a client's side for a farewell, and a reset for none", async () => {
    source.set(everything);
    await source.until(() => source.openFeeds === 0);
    const farewells = source.farewells;
    for (let i = 0; i < 20; i++) {
      const script = delta();
      script.say({ node, typeUrl: CLUSTER });
      await script.hear();
      script.cancel();
      await source.until(() => source.openFeeds === 0);
      script[Symbol.dispose]();
    }
    expect(source.farewells).toBe(farewells);
    using script = delta();
    script.say({ node, typeUrl: CLUSTER });
    await script.hear();
    script.finish();
    expect(await script.status).toBe("0");
    expect(source.farewells).toBe(farewells + 1);
  });

  test("to a client that never answers stays at one response per type", async () => {
    source.set(everything);
    source.events.length = 0;
    using script = delta();
    script.say({ node, typeUrl: CLUSTER });
    await script.hear();
    for (let i = 0; i < 200; i++) source.set(withChanges(everything, [cluster("a", `v${i}`)]));
    script.say({ typeUrl: ENDPOINTS, resourceNamesSubscribe: ["a"] });
    expect((await script.hear()).typeUrl).toBe(ENDPOINTS);
    expect(source.events.filter(({ kind }) => kind === "sent")).toHaveLength(2);
    expect(script.unheard).toBe(0);
  });

  test("carries a configuration of many megabytes in parts", async () => {
    const domains = Array.from({ length: 900 }, (_, i) => `${"long-name-".repeat(100)}${i}`);
    const hosts = Array.from({ length: 8 }, (_, i) => {
      const host = virtualHost(`http-proxy/h${i}`, "a");
      return { ...host, value: { ...host.value, domains } };
    });
    source.set(snapshotOf(cluster("a"), ...hosts));
    using script = delta();
    const typeUrl = typeUrlOf("virtual-host");
    const features = ["dev.weft.vhds"];
    script.say({
      node: { ...node, clientFeatures: features },
      typeUrl,
      resourceNamesSubscribe: ["*"],
    });
    script.say({ typeUrl: CLUSTER, resourceNamesSubscribe: ["*"] });
    const { nonce } = await script.hear();
    script.say({ typeUrl: CLUSTER, responseNonce: nonce });
    const first = await script.hear();
    expect(first.resources.length).toBeLessThan(8);
    script.say({ typeUrl, responseNonce: first.nonce });
    const second = await script.hear();
    expect(new Set([...namesOf(first), ...namesOf(second)]).size).toBe(8);
  });
});

describe("a state-of-the-world stream", () => {
  test("sends whole lists with a version that names their content", async () => {
    source.set(everything);
    using script = whole();
    script.say({ node, typeUrl: CLUSTER });
    const first = await script.hear();
    expect(first.resources).toHaveLength(1);
    const ack = { typeUrl: CLUSTER, responseNonce: first.nonce, versionInfo: first.versionInfo };
    script.say(ack);
    source.set(withChanges(everything, [cluster("b")]));
    const second = await script.hear();
    expect(second.resources).toHaveLength(2);
    expect(second.versionInfo).not.toBe(first.versionInfo);
    script.say({ typeUrl: CLUSTER, responseNonce: second.nonce });
    source.set(everything);
    expect((await script.hear()).versionInfo).toBe(first.versionInfo);
  });

  test("inlines virtual hosts and sends routes again when one of them changes", async () => {
    source.set(everything);
    using script = whole();
    script.say({ node, typeUrl: ROUTE, resourceNames: ["http-proxy"] });
    const first = await script.hear();
    const resourceNames = ["http-proxy"];
    script.say({ typeUrl: ROUTE, responseNonce: first.nonce, resourceNames });
    source.set(withChanges(everything, [virtualHost("http-proxy/b", "a")]));
    const [resource] = (await script.hear()).resources;
    const message = RouteConfiguration.decode(resource?.value ?? new Uint8Array(0));
    expect(message.virtualHosts.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("a caller", () => {
  const saysFirst = async (request: DeltaSays, identity = web): Promise<string> => {
    using script = delta(identity);
    script.say(request);
    return await script.status;
  };

  test("without a certificate is told to get one", async () => {
    using script = new Script<DeltaSays, DeltaDiscoveryResponse>(
      DELTA_PATH,
      () => new Uint8Array(0),
      (bytes) => DeltaDiscoveryResponse.decode(bytes),
      // `undefined` would mean the default identity
      null as unknown as undefined,
    );
    script.say({});
    expect(await script.status).toStartWith("16 no client certificate was shown");
  });

  test("with a stranger's certificate is refused with the reason", async () => {
    const status = await saysFirst({ node, typeUrl: CLUSTER }, stranger.issue("shop", "web"));
    expect(status).toBe("16 the client certificate was refused: signed by nobody we know");
  });

  test("that asks for another workload's configuration is refused", async () => {
    const metadata = { NAMESPACE: "shop", SERVICE_ACCOUNT: "payments" };
    expect(await saysFirst({ node: { ...node, metadata }, typeUrl: CLUSTER })).toBe(
      "7 the certificate is for service account web in namespace shop, but the node says payments in shop: " +
        "a proxy gets only its own configuration",
    );
  });

  test("without a node is refused", async () => {
    expect(await saysFirst({ typeUrl: CLUSTER })).toStartWith("3 the first request of a stream");
  });

  test("that the control plane refuses hears why", async () => {
    source.refusal = { kind: "refused", code: "unavailable", reason: "starting" };
    expect(await saysFirst({ node, typeUrl: CLUSTER })).toBe("14 starting");
  });

  test("with a huge node or endless names is refused, and others go on", async () => {
    source.set(everything);
    using other = delta();
    other.say({ node, typeUrl: CLUSTER });
    await other.hear();
    const metadata = { LABELS: { x: "y".repeat(100_000) } };
    expect(await saysFirst({ node: { ...node, metadata }, typeUrl: CLUSTER })).toContain(
      "at most 65536 are read",
    );
    const resourceNamesSubscribe = ["x".repeat(5_000)];
    expect(await saysFirst({ node, typeUrl: CLUSTER, resourceNamesSubscribe })).toContain(
      "a resource name of 5000 characters",
    );
    other.say({ typeUrl: ENDPOINTS, resourceNamesSubscribe: ["a"] });
    expect(namesOf(await other.hear())).toEqual(["a"]);
  });

  test("that sends bytes that are no message hears so", async () => {
    using script = delta();
    script.sayBytes(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0x0f, 1));
    expect(await script.status).toStartWith("3 a discovery request that cannot be read");
  });

  test("that asks for types that nobody serves is not harmed by it, a few times", async () => {
    source.set(everything);
    using script = delta();
    script.say({ node, typeUrl: "type.googleapis.com/istio.networking.nds.v1.NameTable" });
    script.say({ typeUrl: CLUSTER });
    expect(namesOf(await script.hear())).toEqual(["a"]);
    for (let i = 0; i < 20; i++) script.say({ typeUrl: `type.googleapis.com/x.Y${i}` });
    expect(await script.status).toStartWith("3 more than 16 types");
  });
});

describe("CreateCertificate", () => {
  async function create(
    request: { csrPem: string; validitySeconds: number },
    { bearer, identity }: { bearer?: string; identity?: { chainPem: string; keyPem: string } },
  ): Promise<readonly string[] | string> {
    const own = client(identity);
    const metadata = new Metadata();
    if (bearer) metadata.set("authorization", `Bearer ${bearer}`);
    const bytes = encodeCertificateRequest(request);
    const result = await new Promise<readonly string[] | string>((resolve) => {
      own.makeUnaryRequest(CERTIFICATE_PATH, raw, same, bytes, metadata, (error, value) =>
        resolve(
          value ? decodeCertificateResponse(value) : `${error?.code} ${error?.details ?? ""}`,
        ),
      );
    });
    own.close();
    return result;
  }
  const csr = { csrPem: "a CSR", validitySeconds: 3_600 };

  test("hands the token to the authority of a caller without a certificate", async () => {
    expect(await create(csr, { bearer: "join-me" })).toEqual(["leaf", "root"]);
    expect(issued.at(-1)).toEqual({ ...csr, bearer: "join-me" });
  });

  test("hands the proven identity to the authority for a renewal", async () => {
    expect(await create(csr, { identity: web })).toEqual(["leaf", "root"]);
    expect(issued.at(-1)?.peer).toMatchObject({ namespace: "shop", serviceAccount: "web" });
  });

  test("lets a token count beside a certificate that proves nothing", async () => {
    const identity = stranger.issue("shop", "web");
    await create(csr, { bearer: "join-me", identity });
    expect(issued.at(-1)).toEqual({ ...csr, bearer: "join-me" });
    expect(await create(csr, { identity })).toStartWith("16 the client certificate was refused");
  });

  test("refuses callers without either, and requests that are too long", async () => {
    expect(await create(csr, {})).toStartWith("16 neither a join token nor");
    const long = { ...csr, csrPem: "x".repeat(65_537) };
    expect(await create(long, { bearer: "t" })).toStartWith("8 the certificate request has 65537");
  });

  test("answers with the authority's reason, and hides what is our own fault", async () => {
    answer = () => Promise.reject(new XdsError("permission-denied", "the token is for shop/web"));
    expect(await create(csr, { bearer: "t" })).toBe("7 the token is for shop/web");
    answer = () => Promise.reject(new Error("disk /secret/key is broken"));
    expect(await create(csr, { bearer: "t" })).toBe("13 the certificate could not be issued");
  });
});

describe("StreamMetrics", () => {
  test("delivers families with the proven identity and the node of the first message", async () => {
    reports.length = 0;
    const arrived = new Promise<void>((resolve) => {
      onMetrics = () => reports.length === 2 && resolve();
    });
    const own = client(web);
    const call = own.makeClientStreamRequest(METRICS_PATH, raw, same, () => undefined);
    const families = [
      {
        name: "requests",
        help: "all",
        type: "counter" as const,
        metrics: [{ labels: { code: "200" }, value: 7 }],
      },
      {
        name: "latency",
        help: "ms",
        type: "histogram" as const,
        metrics: [
          {
            labels: {},
            timestampMs: 5,
            histogram: {
              count: 3,
              sum: 4.5,
              buckets: [
                { upperBound: 1, count: 1 },
                { upperBound: Number.POSITIVE_INFINITY, count: 3 },
              ],
            },
          },
        ],
      },
    ];
    call.write(encodeMetricsMessage({ node: { id: "n1", features: [] }, families }));
    call.write(encodeMetricsMessage({ families: [] }));
    await arrived;
    expect(reports[0]).toMatchObject({ nodeId: "n1", peer: { namespace: "shop" }, families });
    expect(reports[1]).toMatchObject({ nodeId: "n1", families: [] });
    call.end();
    own.close();
  });

  test("refuses a stream whose first message names no node", async () => {
    const own = client(web);
    const status = await new Promise<number | undefined>((resolve) => {
      const call = own.makeClientStreamRequest(METRICS_PATH, raw, same, (error) =>
        resolve(error?.code),
      );
      call.write(encodeMetricsMessage({ families: [] }));
    });
    expect(status).toBe(3);
    own.close();
  });
});

describe("the server's own certificate", () => {
  test("rotates for new connections while open streams go on", async () => {
    source.set(everything);
    using before = delta();
    before.say({ node, typeUrl: CLUSTER });
    await before.hear();
    tls.rotate(stranger.issue("istio-system", "istiod"));
    using after = delta();
    after.say({ node, typeUrl: CLUSTER });
    expect(await after.status).toStartWith("14 ");
    before.say({ typeUrl: ENDPOINTS, resourceNamesSubscribe: ["a"] });
    expect(namesOf(await before.hear())).toEqual(["a"]);
    tls.rotate(authority.issue("istio-system", "istiod"));
    using again = delta();
    again.say({ node, typeUrl: CLUSTER });
    expect(namesOf(await again.hear())).toEqual(["a"]);
  });
});

test("draining ends open streams with a reason to come back", async () => {
  const own = await startGrpcServer({ config: source, tls, verifyPeer: authority.verify });
  const { port } = server;
  server = { ...server, port: own.port };
  using script = delta();
  server = { ...server, port };
  source.set(everything);
  script.say({ node, typeUrl: CLUSTER });
  await script.hear();
  await own.drain(2_000);
  expect(await script.status).toBe("14 the control plane is stopping: connect again");
});
