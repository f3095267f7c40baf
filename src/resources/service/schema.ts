import Type from "typebox";
import {
  bool,
  choice,
  integer,
  intOrString,
  list,
  map,
  object,
  optional,
  portNumber,
  text,
} from "../schema/fields.ts";
import { conditionsSchema } from "../schema/status.ts";

const atomic = { "x-kubernetes-list-type": "atomic" };

const protocol = optional(
  choice(["TCP", "UDP", "SCTP"], "Transport of the port.", { default: "TCP" }),
);

const servicePort = object(
  {
    name: optional(text("Name of the port; required when there are several.")),
    port: portNumber("Port that clients call."),
    protocol,
    targetPort: optional(
      intOrString("Port of the workload, by number or name; as `port` unless written."),
    ),
    nodePort: optional(integer("Port on every node.", { minimum: 0, maximum: 65_535 })),
    appProtocol: optional(text("What is spoken on the port, such as http or kubernetes.io/h2c.")),
  },
  "A port of the service.",
);

const sessionAffinityConfig = object(
  {
    clientIP: optional(
      object(
        {
          timeoutSeconds: optional(
            integer("How long a client keeps its endpoint.", { minimum: 1, maximum: 86_400 }),
          ),
        },
        "Affinity by the client's address.",
      ),
    ),
  },
  "How affinity works.",
);

export const serviceSpecSchema = object(
  {
    type: optional(
      choice(
        ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
        "How the service is reached.",
      ),
    ),
    ports: optional(
      list(servicePort, "Ports of the service.", {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        "x-kubernetes-patch-merge-key": "port",
        "x-kubernetes-patch-strategy": "merge",
      }),
    ),
    selector: optional(
      map(Type.String(), "Labels of the workloads behind the service.", {
        "x-kubernetes-map-type": "atomic",
      }),
    ),
    clusterIP: optional(text("Address of the service, or None when it has none of its own.")),
    clusterIPs: optional(list(Type.String(), "The same, one per address family.", atomic)),
    externalIPs: optional(
      list(Type.String(), "Further addresses that lead to the service.", atomic),
    ),
    externalName: optional(text("Name that the service stands for, with type ExternalName.")),
    externalTrafficPolicy: optional(
      choice(["Cluster", "Local"], "Whether outside traffic stays on the node it arrived at."),
    ),
    internalTrafficPolicy: optional(
      choice(["Cluster", "Local"], "Whether inside traffic stays on its node."),
    ),
    healthCheckNodePort: optional(integer("Node port for health checks of load balancers.")),
    ipFamilies: optional(list(Type.String(), "Address families: IPv4, IPv6.", atomic)),
    ipFamilyPolicy: optional(
      choice(
        ["SingleStack", "PreferDualStack", "RequireDualStack"],
        "How many address families are wanted.",
      ),
    ),
    loadBalancerClass: optional(text("Which load balancer serves it.")),
    loadBalancerIP: optional(text("Address wanted of the load balancer.")),
    loadBalancerSourceRanges: optional(
      list(Type.String(), "Client addresses that the load balancer lets in.", atomic),
    ),
    allocateLoadBalancerNodePorts: optional(
      bool("A load balancer's service gets node ports as well."),
    ),
    publishNotReadyAddresses: optional(bool("Endpoints count before they are ready.")),
    sessionAffinity: optional(choice(["None", "ClientIP"], "Whether a client keeps its endpoint.")),
    sessionAffinityConfig: optional(sessionAffinityConfig),
    trafficDistribution: optional(text("Preference for near endpoints, such as PreferClose.")),
  },
  "What is wanted of the service.",
);

const ingressPort = object(
  {
    port: integer("Port."),
    protocol: choice(["TCP", "UDP", "SCTP"], "Transport."),
    error: optional(text("Why the port does not work.")),
  },
  "State of a port of a load balancer.",
);

const ingress = object(
  {
    hostname: optional(text("Name of the load balancer.")),
    ip: optional(text("Address of the load balancer.")),
    ipMode: optional(text("How the address behaves: VIP or Proxy.")),
    ports: optional(list(ingressPort, "State of its ports.", atomic)),
  },
  "One address of a load balancer.",
);

export const serviceStatusSchema = object(
  {
    conditions: optional(conditionsSchema),
    loadBalancer: optional(
      object({ ingress: optional(list(ingress, "Its addresses.", atomic)) }, "The load balancer."),
    ),
  },
  "State of the service.",
);
