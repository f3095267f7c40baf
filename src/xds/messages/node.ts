import type { SocketAddress } from "#config/socket-address.ts";
import type { Engine, InboundPort, OutboundPort, Workload } from "#config/workload.ts";
import { XdsError } from "../xds-error.ts";
import { Node } from "./generated/envoy/config/core/v3/base.ts";
import { asFields, asList } from "./metadata.ts";

/** What a client says of itself. Nothing here is proven. */
export interface NodeClaims {
  readonly id: string;
  /** Istio's `NAMESPACE` and `SERVICE_ACCOUNT`, where given. */
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** From our own metadata key; absent for clients that are not ours. */
  readonly workload?: Workload;
  readonly features: readonly string[];
  /** The client is a stock Envoy: `40` of 1.40.0, 0 when it does not say. */
  readonly envoyMinor?: number;
}

/** The client subscribes to virtual hosts one by one, and to every type of configuration. */
export const WEFT_CLIENT_FEATURE = "dev.weft.vhds";

const NODE_ID_MAX_CHARS = 1024;
const NODE_MAX_BYTES = 64 * 1024;
const PORTS_MAX = 1_000;

export function toNode({ id, workload, features, ...claims }: NodeClaims): Node {
  return Node.fromPartial({
    id,
    cluster: workload ? `${workload.app}.${workload.namespace}` : "",
    metadata: {
      ...(claims.namespace === undefined ? {} : { NAMESPACE: claims.namespace }),
      ...(claims.serviceAccount === undefined ? {} : { SERVICE_ACCOUNT: claims.serviceAccount }),
      ...(workload ? nodeMetadata(workload) : {}),
    },
    userAgentName: workload ? "weft" : "",
    clientFeatures: [...features],
  });
}

/** Throws XdsError `too-large` or `malformed`, naming the field. */
export function fromNode(node: Node): NodeClaims {
  if (node.id.length > NODE_ID_MAX_CHARS)
    throw new XdsError("too-large", `node.id has more than ${NODE_ID_MAX_CHARS} characters`);
  // Stock Envoys list every extension that is built in: hundreds, of which nothing is read here.
  const bytes = Node.encode({ ...node, extensions: [] }).finish().length;
  if (bytes > NODE_MAX_BYTES)
    throw new XdsError("too-large", `node is ${bytes} bytes, at most ${NODE_MAX_BYTES} are read`);
  const metadata = asFields(node.metadata);
  const { NAMESPACE: namespace, SERVICE_ACCOUNT: serviceAccount } = metadata;
  return {
    id: node.id,
    ...(namespace === undefined ? {} : { namespace: text(namespace, "NAMESPACE") }),
    ...(serviceAccount === undefined
      ? {}
      : { serviceAccount: text(serviceAccount, "SERVICE_ACCOUNT") }),
    ...(metadata.WEFT === undefined ? {} : { workload: fromWorkload(metadata) }),
    features: node.clientFeatures,
    ...(node.userAgentName === "envoy" ? { envoyMinor: minorVersion(node) } : {}),
  };
}

function minorVersion({ userAgentVersionType: agent }: Node): number {
  return agent?.$case === "userAgentBuildVersion" ? (agent.value.version?.minorNumber ?? 0) : 0;
}

/** Istio's keys where Istio has one, so that tools that read a node's metadata understand ours. */
export function nodeMetadata(workload: Workload): Record<string, unknown> {
  const { namespace, name, serviceAccount, labels, ...rest } = workload;
  return {
    NAMESPACE: namespace,
    SERVICE_ACCOUNT: serviceAccount,
    NAME: name,
    WORKLOAD_NAME: name,
    LABELS: { ...labels },
    WEFT: JSON.parse(JSON.stringify(rest)),
  };
}

function fromWorkload(metadata: Readonly<Record<string, unknown>>): Workload {
  const weft = asFields(metadata.WEFT);
  return {
    namespace: text(metadata.NAMESPACE, "NAMESPACE"),
    name: text(metadata.NAME, "NAME"),
    app: text(weft.app, "WEFT.app"),
    serviceAccount: text(metadata.SERVICE_ACCOUNT, "SERVICE_ACCOUNT"),
    labels: Object.fromEntries(
      Object.entries(asFields(metadata.LABELS)).map(([key, value]) => [
        key,
        text(value, `LABELS.${key}`),
      ]),
    ),
    inbound: ports(weft.inbound, "WEFT.inbound").map(fromInbound),
    outbound: ports(weft.outbound, "WEFT.outbound").map(fromOutbound),
    admin: address(weft.admin, "WEFT.admin"),
    ...(weft.metrics === undefined ? {} : { metrics: address(weft.metrics, "WEFT.metrics") }),
    version: text(weft.version, "WEFT.version"),
    ...(weft.engine === undefined ? {} : { engine: fromEngine(weft.engine) }),
  };
}

function ports(value: unknown, at: string): readonly unknown[] {
  const list = asList(value);
  if (list.length > PORTS_MAX) throw bad(at, `a list of at most ${PORTS_MAX}`);
  return list;
}

function fromInbound(value: unknown, i: number): InboundPort {
  const at = `WEFT.inbound[${i}]`;
  const fields = asFields(value);
  return {
    workloadPort: port(fields.workloadPort, `${at}.workloadPort`),
    address: address(fields.address, `${at}.address`),
    ...(fields.servicePort === undefined
      ? {}
      : { servicePort: port(fields.servicePort, `${at}.servicePort`) }),
    ...(fields.protocol === undefined ? {} : { protocol: text(fields.protocol, `${at}.protocol`) }),
  };
}

function fromOutbound(value: unknown, i: number): OutboundPort {
  const at = `WEFT.outbound[${i}]`;
  const fields = asFields(value);
  const own = address(fields.address, `${at}.address`);
  if (fields.kind === "http-proxy") return { kind: "http-proxy", address: own };
  if (fields.kind !== "upstream") throw bad(`${at}.kind`, '"http-proxy" or "upstream"');
  return {
    kind: "upstream",
    address: own,
    host: text(fields.host, `${at}.host`),
    port: port(fields.port, `${at}.port`),
  };
}

function fromEngine(value: unknown): Engine {
  const { kind, accessLog, credentials } = asFields(value);
  if (kind !== "envoy") throw bad("WEFT.engine.kind", '"envoy"');
  return {
    kind,
    ...(accessLog === undefined ? {} : { accessLog: text(accessLog, "WEFT.engine.accessLog") }),
    ...(credentials === undefined
      ? {}
      : { credentials: text(credentials, "WEFT.engine.credentials") }),
  };
}

function address(value: unknown, at: string): SocketAddress {
  const fields = asFields(value);
  return { host: text(fields.host, `${at}.host`), port: port(fields.port, `${at}.port`) };
}

function text(value: unknown, at: string): string {
  if (typeof value !== "string") throw bad(at, "a string");
  return value;
}

function port(value: unknown, at: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536)
    return value;
  throw bad(at, "a port from 1 to 65535");
}

function bad(at: string, wanted: string): XdsError {
  return new XdsError("malformed", `node.metadata.${at} must be ${wanted}`);
}
