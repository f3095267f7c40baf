/** What is spoken on a port, in Istio's words; `unknown`: nobody said, so it is looked at on the wire. */
export type AppProtocol =
  | "http"
  | "http2"
  | "grpc"
  | "grpc-web"
  | "https"
  | "tls"
  | "tcp"
  | "mongo"
  | "mysql"
  | "redis"
  | "udp"
  | "unknown";

/** What a proxy does with the bytes of a port. */
export type PortContent =
  /** Requests, in HTTP/1 or HTTP/2: routed one by one. */
  | "http"
  /** TLS of the application's own: routed by the name in its first message. */
  | "tls"
  /** Bytes that are not looked at. */
  | "tcp"
  /** The first bytes tell. */
  | "detect";

const contents: Readonly<Record<AppProtocol, PortContent>> = {
  http: "http",
  http2: "http",
  grpc: "http",
  "grpc-web": "http",
  https: "tls",
  tls: "tls",
  tcp: "tcp",
  mongo: "tcp",
  mysql: "tcp",
  redis: "tcp",
  udp: "tcp",
  unknown: "detect",
};

export const appProtocols = Object.keys(contents).filter(
  (name) => name !== "unknown",
) as readonly AppProtocol[];

export function contentOf(protocol: AppProtocol): PortContent {
  return contents[protocol];
}

/** Names that Kubernetes defines. */
const kubernetes: Readonly<Record<string, AppProtocol>> = {
  "kubernetes.io/h2c": "http2",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "https",
};

/** Mail, names, MySQL and MongoDB: as in Istio, their numbers alone say that this is not HTTP. */
const wellKnownTcpPorts: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

interface WrittenPort {
  readonly number: number;
  readonly name: string;
  readonly appProtocol?: string;
}

/** Istio's rule: `appProtocol` says; without one the port's name does, by its part before the first `-`. */
export function protocolOfPort({ number, name, appProtocol }: WrittenPort): AppProtocol {
  const written = appProtocol === undefined || appProtocol === "" ? name : appProtocol;
  const declared = readProtocol(written);
  return declared === "unknown" && wellKnownTcpPorts.has(number) ? "tcp" : declared;
}

/** `grpc-payments`, `HTTP2`, `kubernetes.io/h2c`; anything else is `unknown`. */
export function readProtocol(written: string): AppProtocol {
  const text = written.toLowerCase();
  const known = kubernetes[text];
  if (known !== undefined) return known;
  if (text.startsWith("grpc-web")) return "grpc-web";
  const prefix = text.split("-", 1)[0] ?? "";
  return appProtocols.find((protocol) => protocol === prefix) ?? "unknown";
}
