import Type, { type Static } from "typebox";
import {
  bool,
  choice,
  duration,
  integer,
  list,
  map,
  object,
  optional,
  portNumber,
  text,
} from "../schema/fields.ts";

const noFiles = "certificates of one's own are not used yet";

const loadBalancer = object(
  {
    simple: choice(
      ["LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "UNSPECIFIED"],
      "How an endpoint is picked; LEAST_REQUEST unless written.",
      { refused: { PASSTHROUGH: "requests are not forwarded to their original address yet" } },
    ),
  },
  "How an endpoint is picked.",
  {
    refused: {
      consistentHash: "requests are not pinned to endpoints yet",
      localityLbSetting: "endpoints have no localities yet",
      warmup: "new endpoints are not warmed up yet",
      warmupDurationSecs: "new endpoints are not warmed up yet",
    },
  },
);

const limit = (description: string) => optional(integer(description, { minimum: 1 }));

const tcpKeepalive = object(
  {
    probes: optional(
      integer("Probes without an answer before the connection is given up; 9 unless written.", {
        minimum: 1,
        maximum: 127,
      }),
    ),
    time: optional(
      duration("Silence before the first probe, in whole seconds; 7200s unless written."),
    ),
    interval: optional(duration("Time between probes, in whole seconds; 75s unless written.")),
  },
  "Probes of the kernel on connections without traffic.",
);

const http2KeepAlive = object(
  {
    interval: optional(duration("Time between PINGs; none at regular times unless written.")),
    timeout: optional(duration("How long the answer to a PING may take; 20s unless written.")),
    connectionIdleInterval: optional(
      duration("A connection without requests for longer is asked before it is given one."),
    ),
  },
  "PINGs on connections in HTTP/2, multiplexed ones of the mesh among them.",
  { minProperties: 1 },
);

const connectionPool = object(
  {
    tcp: optional(
      object(
        {
          maxConnections: limit("Most connections to the whole destination."),
          connectTimeout: optional(duration("How long a connection may take to be made.")),
          maxConnectionDuration: optional(
            duration("Age at which a connection is given no further request; none unless written."),
          ),
          tcpKeepalive: optional(tcpKeepalive),
          idleTimeout: optional(
            duration(
              "How long a connection that is not HTTP may be without a byte in either direction; 1h unless written, 0s: no limit.",
              { zero: true },
            ),
          ),
        },
        "Limits of connections.",
        { minProperties: 1 },
      ),
    ),
    http: optional(
      object(
        {
          http1MaxPendingRequests: limit("Most requests that wait for a connection."),
          http2MaxRequests: limit("Most requests in flight, whatever the protocol."),
          maxRequestsPerConnection: optional(
            integer("Requests after which a connection is closed; 0: no limit, 1: no keep-alive.", {
              minimum: 0,
            }),
          ),
          maxRetries: limit("Most retries in flight."),
          idleTimeout: optional(
            duration("How long a connection may be without requests; 0s: no limit.", {
              zero: true,
            }),
          ),
          h2UpgradePolicy: optional(
            choice(
              ["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"],
              "UPGRADE: requests to ports of HTTP are sent in HTTP/2; DO_NOT_UPGRADE: as declared, and not multiplexed between proxies of the mesh either.",
            ),
          ),
          useClientProtocol: optional(
            bool("Requests go out in the version of HTTP in which they came."),
          ),
          maxConcurrentStreams: limit(
            "Most requests at a time on one connection in HTTP/2, where the server allows as many.",
          ),
          http2KeepAlive: optional(http2KeepAlive),
        },
        "Limits of requests.",
        {
          minProperties: 1,
        },
      ),
    ),
  },
  "Limits that break the circuit: past them the answer is 503.",
  { minProperties: 1 },
);

const percent = (description: string) =>
  optional(integer(description, { minimum: 0, maximum: 100 }));
const errors = (description: string) => optional(integer(description, { minimum: 0 }));

const outlierDetection = object(
  {
    consecutive5xxErrors: errors(
      "Errors in a row that eject an endpoint; 5 unless written, 0: never. Of gRPC, DEADLINE_EXCEEDED counts as 504, UNAVAILABLE as 503, UNIMPLEMENTED as 501, UNKNOWN, INTERNAL and DATA_LOSS as 500.",
    ),
    consecutiveGatewayErrors: errors(
      "Answers 502, 503 or 504 in a row that eject; never unless written.",
    ),
    splitExternalLocalOriginErrors: optional(
      bool("Failures to connect are counted apart from answers."),
    ),
    consecutiveLocalOriginFailures: errors(
      "Failures to connect in a row that eject, when they are counted apart; 5 unless written.",
    ),
    interval: optional(duration("How often endpoints are looked at; 10s unless written.")),
    baseEjectionTime: optional(
      duration("How long the first ejection lasts, the second twice as long; 30s unless written."),
    ),
    maxEjectionPercent: percent("Most endpoints that are ejected at a time; 10 unless written."),
    minHealthPercent: percent(
      "With fewer healthy endpoints than this, none is left out; 0 unless written.",
    ),
  },
  "Ejects endpoints that fail.",
  { refused: { consecutiveErrors: "write consecutive5xxErrors or consecutiveGatewayErrors" } },
);

const tls = object(
  {
    mode: choice(
      ["DISABLE", "ISTIO_MUTUAL"],
      "DISABLE: plaintext; ISTIO_MUTUAL: the mesh's mutual TLS.",
      {
        refused: {
          SIMPLE: "TLS to hosts outside the mesh is not originated yet",
          MUTUAL: noFiles,
        },
      },
    ),
  },
  "How connections are secured; unless written, as each endpoint can.",
  {
    refused: {
      clientCertificate: noFiles,
      privateKey: noFiles,
      caCertificates: noFiles,
      caCrl: noFiles,
      credentialName: noFiles,
      subjectAltNames: "names of a ServiceEntry are written there",
      sni: "the mesh sets it",
      insecureSkipVerify: "certificates are always verified",
    },
  },
);

/** Also MeshConfig's. */
export const retryBudgetSchema = object(
  {
    percent: optional(
      Type.Number({
        description: "Retries may be this share of requests in flight; 20 unless written.",
        format: "double",
        minimum: 0,
        maximum: 100,
      }),
    ),
    minRetryConcurrency: optional(
      integer("Retries that are always allowed; 3 unless written.", { minimum: 0 }),
    ),
  },
  "How much retries may add to the load.",
  { refused: { budgetInterval: "the budget counts requests in flight" } },
);

const portPolicy = {
  loadBalancer: optional(loadBalancer),
  connectionPool: optional(connectionPool),
  outlierDetection: optional(outlierDetection),
  tls: optional(tls),
};

const notYet = {
  tunnel: "connections are not tunnelled yet",
  proxyProtocol: "the PROXY protocol is not spoken yet",
};

const trafficPolicySchema = (description: string) =>
  object(
    {
      ...portPolicy,
      retryBudget: optional(retryBudgetSchema),
      portLevelSettings: optional(
        list(
          object(
            {
              port: object({ number: portNumber("Port of the service.") }, "Which port."),
              ...portPolicy,
            },
            "Policy of one port; nothing is inherited from beside it.",
            { minProperties: 2 },
          ),
          "Policies of ports.",
        ),
      ),
    },
    description,
    { minProperties: 1, refused: notYet },
  );

const subset = object(
  {
    name: text("Name, for the routes of a VirtualService."),
    labels: optional(map(Type.String(), "Labels of the endpoints in the subset.")),
    trafficPolicy: optional(trafficPolicySchema("Overrides the rule's, block by block.")),
  },
  "Some of the endpoints of the host.",
);

export const destinationRuleSpecSchema = object(
  {
    host: text(
      "Host that the rule is about; a short name is completed with the rule's namespace.",
      {
        minLength: 1,
      },
    ),
    trafficPolicy: optional(trafficPolicySchema("How requests are sent to the host.")),
    subsets: optional(list(subset, "Named parts of the host's endpoints.")),
    exportTo: optional(
      list(
        Type.String(),
        "Namespaces that see the rule: . the own one, * all (default), or names.",
      ),
    ),
  },
  "How requests are sent to a host, once they are routed there.",
  { refused: { workloadSelector: "the rule holds for every caller that sees it" } },
);

export type DestinationRuleSpec = Static<typeof destinationRuleSpecSchema>;
export type TrafficPolicySpec = NonNullable<DestinationRuleSpec["trafficPolicy"]>;
export type PortPolicySpec = Omit<TrafficPolicySpec, "retryBudget" | "portLevelSettings">;
export type RetryBudgetSpec = Static<typeof retryBudgetSchema>;
