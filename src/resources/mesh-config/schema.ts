import type { Static } from "typebox";
import { retryBudgetSchema } from "../destination-rule/schema.ts";
import { choice, duration, object, optional, text } from "../schema/fields.ts";
import { retriesSchema } from "../virtual-service/schema.ts";

const fixed = "it is the same in every mesh of Weft";
const notYet = "Weft does not act on it yet";

/** Fields of Istio's MeshConfig that people set, so that they are told apart from mistakes. */
const refused = Object.fromEntries([
  ["rootNamespace", "it is istio-system"],
  ["enableAutoMtls", "mutual TLS is used wherever both sides can"],
  ...["proxyListenPort", "proxyInboundListenPort", "proxyHttpPort", "ingressClass"].map((field) => [
    field,
    fixed,
  ]),
  ...[
    "accessLogFile",
    "accessLogFormat",
    "accessLogEncoding",
    "enableTracing",
    "defaultConfig",
    "defaultProviders",
    "extensionProviders",
    "inboundTrafficPolicy",
    "meshMTLS",
    "tlsDefaults",
    "trustDomainAliases",
    "caCertificates",
    "localityLbSetting",
    "serviceSettings",
    "discoverySelectors",
    "defaultServiceExportTo",
    "defaultVirtualServiceExportTo",
    "defaultDestinationRuleExportTo",
    "dnsRefreshRate",
    "tcpKeepalive",
    "protocolDetectionTimeout",
    "h2UpgradePolicy",
    "hboneIdleTimeout",
    "configSources",
    "certificates",
    "verifyCertificateAtClient",
    "outboundClusterStatName",
    "inboundClusterStatName",
    "enablePrometheusMerge",
    "defaultTrafficPolicy",
  ].map((field) => [field, notYet]),
]) as Readonly<Record<string, string>>;

export const meshConfigSpecSchema = object(
  {
    trustDomain: optional(
      text(
        "Trust domain of every identity. It is fixed when the CA is made; another one is refused.",
      ),
    ),
    outboundTrafficPolicy: optional(
      object(
        {
          mode: choice(
            ["ALLOW_ANY", "REGISTRY_ONLY"],
            "ALLOW_ANY (default): requests to hosts that no resource names go there as they are; REGISTRY_ONLY: they are refused.",
          ),
        },
        "Requests that leave the mesh.",
        { refused: { egressProxy: "they go straight to their host" } },
      ),
    ),
    pathNormalization: optional(
      object(
        {
          normalization: choice(
            ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"],
            "BASE (default): dot segments, backslashes and needless escapes are resolved; MERGE_SLASHES: and // becomes /; DECODE_AND_MERGE_SLASHES: and %2F and %5C are decoded first; NONE: paths stay as they are.",
            { refused: { DEFAULT: "write BASE" } },
          ),
        },
        "What happens to paths before routes and policies see them.",
      ),
    ),
    connectTimeout: optional(
      duration("How long a connection may take to be made; 10s unless written."),
    ),
    defaultHttpRetryPolicy: optional(retriesSchema),
    retryBudget: optional(retryBudgetSchema),
  },
  "Settings of the whole mesh. The one object is named default.",
  { refused },
);

export type MeshConfigSpec = Static<typeof meshConfigSpecSchema>;
