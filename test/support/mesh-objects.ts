/** An object of the API as a person would write it. */
export interface WrittenObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

const istio =
  (group: string, kind: string) =>
  (name: string, spec: object, namespace = "shop") => ({
    apiVersion: `${group}.istio.io/v1`,
    kind,
    metadata: { name, namespace },
    spec,
  });

export const virtualService = istio("networking", "VirtualService");
export const destinationRule = istio("networking", "DestinationRule");
export const serviceEntry = istio("networking", "ServiceEntry");
export const peerAuthentication = istio("security", "PeerAuthentication");
export const authorizationPolicy = istio("security", "AuthorizationPolicy");

/** Port 80 of the only port that its workloads have. */
export const service = (
  name: string,
  selector: Readonly<Record<string, string>>,
  namespace = "shop",
): WrittenObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector, ports: [{ name: "http", port: 80, targetPort: "http" }] },
});

/** For `weft apply -f -`. */
export const documents = (objects: readonly WrittenObject[]): string =>
  objects.map((object) => JSON.stringify(object)).join("\n---\n");
