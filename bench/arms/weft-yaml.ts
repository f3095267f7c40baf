// The resources of the Weft arms. JSON is YAML: what is long is written so.
import { NAMESPACE } from "./mesh.ts";
import { exactPath, hostName, prefixPath, type Setup } from "./setup.ts";

/** Paths that only a rule answers: a redirect by the route table, a refusal by the policy. */
export const PROBE = { redirected: "/moved", forbidden: "/forbidden" } as const;

/** ServiceEntry takes no more. */
const HOSTS_PER_ENTRY = 256;

export interface ExternalBackend {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly protocol: "HTTP" | "GRPC";
}

/** Services outside the mesh: plaintext, one static address. */
export function externalBackend({ name, hosts, port, protocol }: ExternalBackend): string {
  const ports = [{ number: 80, name: protocol.toLowerCase(), protocol }];
  const endpoints = [{ address: "127.0.0.1", ports: { [protocol.toLowerCase()]: port } }];
  const parts = Array.from({ length: Math.ceil(hosts.length / HOSTS_PER_ENTRY) }, (_, part) =>
    hosts.slice(part * HOSTS_PER_ENTRY, (part + 1) * HOSTS_PER_ENTRY),
  );
  return documents(
    parts.map((some, part) =>
      object("networking.istio.io/v1", "ServiceEntry", `${name}-${part}`, {
        ...{ hosts: some, ports, endpoints },
        ...{ location: "MESH_EXTERNAL", resolution: "STATIC" },
      }),
    ),
  );
}

/** Three rules: two that the load does not match, then the one that it does, with a timeout and retries. */
export function routesFor(host: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host.replaceAll(".", "-")}, namespace: ${NAMESPACE}}
spec:
  hosts: [${host}]
  http:
    - name: moved
      match: [{uri: {exact: ${PROBE.redirected}}}]
      redirect: {uri: /, redirectCode: 302}
    - name: testers
      match: [{headers: {x-canary: {exact: "true"}}, uri: {prefix: /}}]
      route: [{destination: {host: ${host}, port: {number: 80}}}]
      timeout: 2s
    - name: everybody
      route: [{destination: {host: ${host}, port: {number: 80}}}]
      timeout: 15s
      retries: {attempts: 2, retryOn: "connect-failure,refused-stream"}
---
`;
}

/** One rule per entry of the table, each with a timeout and retries, and none for the rest. */
export function routeTable(host: string, setup: Setup & { readonly kind: "routes" }): string {
  const http = Array.from({ length: setup.count }, (_, index) => ({
    name: `route-${index}`,
    match: [
      {
        uri: setup.match === "exact" ? { exact: exactPath(index) } : { prefix: prefixPath(index) },
      },
    ],
    route: [{ destination: { host, port: { number: 80 } } }],
    timeout: "15s",
    retries: { attempts: 2, retryOn: "connect-failure,refused-stream" },
  }));
  const name = host.replaceAll(".", "-");
  return documents([
    object("networking.istio.io/v1", "VirtualService", name, { hosts: [host], http }),
  ]);
}

export const manyHosts = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => hostName(index));

/** Mutual TLS only, everywhere. */
export function strictMutualTls(): string {
  return documents([
    object("security.istio.io/v1", "PeerAuthentication", "default", { mtls: { mode: "STRICT" } }),
  ]);
}

export interface Callers {
  readonly server: string;
  readonly client: string;
}

/** One caller, one method, all paths but one. */
export function callersPolicy({ server, client }: Callers): string {
  return documents([
    authorization(server, {
      from: fromAccount(client),
      to: [{ operation: { methods: ["GET"], notPaths: [PROBE.forbidden] } }],
    }),
  ]);
}

/** The same for octets: one caller. */
export function tcpCallersPolicy({ server, client }: Callers): string {
  return documents([authorization(server, { from: fromAccount(client) })]);
}

/** HTTP/1 between the two proxies: no request shares a connection with another. */
export function withoutMultiplexing(name: string): string {
  const spec = {
    host: `${name}.${NAMESPACE}.svc.cluster.local`,
    trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: "DO_NOT_UPGRADE" } } },
  };
  return documents([object("networking.istio.io/v1", "DestinationRule", name, spec)]);
}

/** The service of a workload, where its port is not for HTTP. */
export function tcpService(name: string, targetPort: number): string {
  const spec = {
    selector: { app: name },
    ports: [{ name: "tcp", port: 80, targetPort, appProtocol: "tcp" }],
  };
  return documents([object("v1", "Service", name, spec)]);
}

const fromAccount = (account: string) => [
  { source: { principals: [`cluster.local/ns/${NAMESPACE}/sa/${account}`] } },
];

const authorization = (server: string, rule: unknown) =>
  object("security.istio.io/v1", "AuthorizationPolicy", server, {
    ...{ selector: { matchLabels: { app: server } }, action: "ALLOW", rules: [rule] },
  });

const object = (apiVersion: string, kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion, kind, metadata: { name, namespace: NAMESPACE }, spec },
});

/** Ends so that another document may follow. */
const documents = (objects: readonly unknown[]): string =>
  objects.map((each) => `${JSON.stringify(each)}\n---\n`).join("");
