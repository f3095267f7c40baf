import type { Resource } from "../resource.ts";
import type { ServicePortSpec, ServiceSpec } from "./read.ts";

/** How long a client keeps its endpoint unless said otherwise, as in a cluster: three hours. */
const affinitySeconds = 10_800;

/** What a cluster's API server fills in. Addresses are not given out: a service has none of its own here. */
export function withServiceDefaults(object: Resource): Resource {
  const written = (object.spec ?? {}) as ServiceSpec;
  const type = written.type ?? "ClusterIP";
  const outside = type === "NodePort" || type === "LoadBalancer";
  const spec: ServiceSpec = {
    sessionAffinity: "None",
    ...(type === "ExternalName" ? {} : { internalTrafficPolicy: "Cluster" }),
    ...(outside ? { externalTrafficPolicy: "Cluster" } : {}),
    ...(type === "LoadBalancer" ? { allocateLoadBalancerNodePorts: true } : {}),
    ...written,
    type,
    ...(written.ports ? { ports: written.ports.map(withPortDefaults) } : {}),
    ...affinityDefaults(written),
  };
  return { ...object, spec, status: object.status ?? { loadBalancer: {} } };
}

function withPortDefaults(port: ServicePortSpec): ServicePortSpec {
  const { targetPort } = port;
  const target =
    targetPort === undefined || targetPort === 0 || targetPort === "" ? port.port : targetPort;
  return { ...port, protocol: port.protocol ?? "TCP", targetPort: target };
}

function affinityDefaults({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): ServiceSpec {
  if (sessionAffinity !== "ClientIP") return {};
  const clientIP = { timeoutSeconds: affinitySeconds, ...sessionAffinityConfig?.clientIP };
  return { sessionAffinityConfig: { clientIP } };
}
