/** Names that lead to the hostile servers. */
export const hostileHosts = ["hostile-http1.example", "hostile-http2.example"] as const;

/** ServiceEntries for them. JSON is YAML. */
export function hostileYaml(namespace: string, ports: readonly [number, number]): string {
  const protocols = ["HTTP", "HTTP2"] as const;
  return hostileHosts
    .map((host, index) => {
      const protocol = protocols[index] ?? "HTTP";
      const name = protocol.toLowerCase();
      return JSON.stringify({
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: host.replace(".", "-"), namespace },
        spec: {
          ...{ hosts: [host], location: "MESH_EXTERNAL", resolution: "STATIC" },
          ports: [{ number: 80, name, protocol }],
          endpoints: [{ address: "127.0.0.1", ports: { [name]: ports[index] } }],
        },
      });
    })
    .join("\n---\n");
}
