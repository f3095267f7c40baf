import { NAMESPACE } from "./mesh.ts";

/** Paths that only a rule answers: a redirect by the route table, a refusal by the policy. */
export const PROBE = { redirected: "/moved", forbidden: "/forbidden" } as const;

/** A service outside the mesh: plaintext, one static address. */
export function externalBackend(host: string, port: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: backend, namespace: ${NAMESPACE}}
spec:
  hosts: [${host}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
---
`;
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

/** Mutual TLS only; one caller, one method, all paths but one. */
export function pairPolicies(): string {
  return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: ${NAMESPACE}}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: server-callers, namespace: ${NAMESPACE}}
spec:
  selector: {matchLabels: {app: server}}
  action: ALLOW
  rules:
    - from: [{source: {principals: ["cluster.local/ns/${NAMESPACE}/sa/client"]}}]
      to: [{operation: {methods: [GET], notPaths: ["${PROBE.forbidden}"]}}]
---
`;
}
