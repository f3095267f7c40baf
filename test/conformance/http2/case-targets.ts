// Listeners of two proxies on real sockets, and how a client reaches each of them.
import { http2EchoServer } from "#http/http2/testing/http2-echo-server.ts";
import { connect } from "#net/connect.ts";
import { createTlsContext, type TlsContext } from "#net/tls-context.ts";
import type { Transport } from "#net/transport.ts";
import { backend } from "../../support/backend.ts";
import { testSvid } from "../../support/certificates.ts";
import {
  destination,
  endpoint,
  httpProxyListener,
  inboundCluster,
  inboundListener,
  outboundResources,
  resource,
  upstreamListener,
} from "../../support/proxy-config.ts";
import { freshIssuer, idOf, runPlane, SECRET, type Seen } from "../../support/running-plane.ts";
import type { TestIssuer } from "../../support/test-issuer.ts";
import type { Manner } from "./case-peer.ts";

/** What a listener is by name; where it is turns out when the proxies run. */
export interface CaseTarget {
  readonly name: string;
  readonly manner: Manner;
}

export interface RunningTargets extends AsyncDisposable {
  connect(target: CaseTarget): Promise<Transport>;
  /** What has reached the application behind the proxies. */
  readonly seen: readonly Seen[];
}

const plain: Manner = { dialect: "standard", authority: "payments", fields: [] };
const credentials = Buffer.from(`weft:${SECRET}`).toString("base64");

const SERVER: CaseTarget = { name: "the server itself", manner: plain };
const INBOUND: CaseTarget = { name: "the inbound port, in plaintext", manner: plain };
const DETECTING: CaseTarget = { name: "an inbound port that carries anything", manner: plain };
const UPSTREAM: CaseTarget = { name: "a loopback port of --upstream", manner: plain };
const PROXY: CaseTarget = {
  name: "the HTTP proxy",
  manner: { ...plain, fields: [["proxy-authorization", `Basic ${credentials}`]] },
};
const MUTUAL_TLS: readonly CaseTarget[] = ["h2", "istio-h2", "weft-h2"].map((alpn) => ({
  name: alpn,
  manner: { ...plain, dialect: alpn === "weft-h2" ? "weft" : "standard" },
}));

export const PLAINTEXT_TARGETS: readonly CaseTarget[] = [
  SERVER,
  INBOUND,
  DETECTING,
  UPSTREAM,
  PROXY,
];
/** The inbound port by the names that a client may ask for in its handshake. */
export const MUTUAL_TLS_TARGETS: readonly CaseTarget[] = MUTUAL_TLS;

/** An application behind a proxy that lets plaintext in and one that does not, and the proxy of a caller. */
export async function runTargets(): Promise<RunningTargets> {
  await using stack = new AsyncDisposableStack();
  const issuer = freshIssuer();
  const server = stack.use(await http2EchoServer());
  const app = stack.use(
    await backend((_, response) => response.end("as many bytes as are looked at")),
  );
  const inbound = async (mtls: "permissive" | "strict", content: "http" | "detect") => {
    const listener = { ...inboundListener(app.port, mtls), content };
    const resources = [
      resource("listener", listener),
      resource("cluster", inboundCluster(app.port)),
    ];
    const sockets = [listener.name];
    const plane = stack.use(await runPlane({ name: "payments", issuer, sockets, resources }));
    return plane.port(listener.name);
  };
  const to = [destination("payments", [endpoint(app.port)])];
  const caller = stack.use(
    await runPlane({
      name: "web",
      issuer,
      sockets: ["http-proxy", "upstream|1"],
      resources: [
        ...outboundResources(to, httpProxyListener()),
        resource("listener", upstreamListener("upstream|1", "payments")),
      ],
    }),
  );
  const ports = new Map<CaseTarget, number>([
    [SERVER, server.port],
    [INBOUND, await inbound("permissive", "http")],
    [DETECTING, await inbound("permissive", "detect")],
    [UPSTREAM, caller.port("upstream|1")],
    [PROXY, caller.port("http-proxy")],
  ]);
  const strictPort = await inbound("strict", "http");
  const context = clientContext(issuer);
  const running = stack.move();
  return {
    seen: app.seen,
    async connect(target) {
      const port = ports.get(target);
      if (port !== undefined) return connect({ address: { host: "127.0.0.1", port } });
      const transport = await connect({
        address: { host: "127.0.0.1", port: strictPort },
        tls: { context, serverName: undefined, alpn: [target.name], verifyPeer: () => undefined },
      });
      if (transport.tls?.alpn !== target.name) throw new Error(`${target.name} was not agreed on`);
      return transport;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Of a workload of the same mesh. */
function clientContext({ root }: TestIssuer): TlsContext {
  const hourMs = 3_600_000;
  const validity = { notBeforeMs: Date.now() - hourMs, notAfterMs: Date.now() + hourMs };
  const { pem, privateKey } = testSvid(root, idOf("web"), validity);
  return createTlsContext({
    certificateChainPem: pem,
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  });
}
