// The messages that clients with built-in types send as protobuf: numbers from Kubernetes' published definitions
// (k8s.io/api and k8s.io/apimachinery, files generated.proto).
import type { Field, FieldType, Message } from "./message.ts";

const one = (name: string, type: FieldType = "string"): Field => ({ name, type });
const many = (name: string, type: FieldType = "string"): Field => ({ name, type, repeated: true });
const message = (name: string, fields: Message["fields"]): Message => ({ name, fields });
const texts = (name: string): Field => one(name, { map: "string" });
const of = (value: Message): FieldType => ({ message: value });

const ownerReference = message("OwnerReference", {
  1: one("kind"),
  3: one("name"),
  4: one("uid"),
  5: one("apiVersion"),
  6: one("controller", "flag?"),
  7: one("blockOwnerDeletion", "flag?"),
});

const managedFieldsEntry = message("ManagedFieldsEntry", {
  1: one("manager"),
  2: one("operation"),
  3: one("apiVersion"),
  4: one("time", "time"),
  6: one("fieldsType"),
  7: one("fieldsV1", "json"),
  8: one("subresource"),
});

const objectMeta = message("ObjectMeta", {
  1: one("name"),
  2: one("generateName"),
  3: one("namespace"),
  4: one("selfLink"),
  5: one("uid"),
  6: one("resourceVersion"),
  7: one("generation", "int"),
  8: one("creationTimestamp", "time"),
  9: one("deletionTimestamp", "time"),
  10: one("deletionGracePeriodSeconds", "int?"),
  11: texts("labels"),
  12: texts("annotations"),
  13: many("ownerReferences", of(ownerReference)),
  14: many("finalizers"),
  17: many("managedFields", of(managedFieldsEntry)),
});

const objectReference = message("ObjectReference", {
  1: one("kind"),
  2: one("namespace"),
  3: one("name"),
  4: one("uid"),
  5: one("apiVersion"),
  6: one("resourceVersion"),
  7: one("fieldPath"),
});

/** An object with metadata, and what else it has. */
const object = (name: string, fields: Message["fields"]): Message =>
  message(name, { 1: one("metadata", of(objectMeta)), ...fields });

const servicePort = message("ServicePort", {
  1: one("name"),
  2: one("protocol"),
  3: one("port", "int"),
  4: one("targetPort", "int-or-string"),
  5: one("nodePort", "int"),
  6: one("appProtocol"),
});

const clientIp = message("ClientIPConfig", { 1: one("timeoutSeconds", "int?") });

const serviceSpec = message("ServiceSpec", {
  1: many("ports", of(servicePort)),
  2: texts("selector"),
  3: one("clusterIP"),
  4: one("type"),
  5: many("externalIPs"),
  7: one("sessionAffinity"),
  8: one("loadBalancerIP"),
  9: many("loadBalancerSourceRanges"),
  10: one("externalName"),
  11: one("externalTrafficPolicy"),
  12: one("healthCheckNodePort", "int"),
  13: one("publishNotReadyAddresses", "flag"),
  14: one(
    "sessionAffinityConfig",
    of(message("SessionAffinityConfig", { 1: one("clientIP", of(clientIp)) })),
  ),
  17: one("ipFamilyPolicy"),
  18: many("clusterIPs"),
  19: many("ipFamilies"),
  20: one("allocateLoadBalancerNodePorts", "flag?"),
  21: one("loadBalancerClass"),
  22: one("internalTrafficPolicy"),
  23: one("trafficDistribution"),
});

const endpointAddress = message("EndpointAddress", {
  1: one("ip"),
  2: one("targetRef", of(objectReference)),
  3: one("hostname"),
  4: one("nodeName"),
});

const subsetPort = message("EndpointPort", {
  1: one("name"),
  2: one("port", "int"),
  3: one("protocol"),
  4: one("appProtocol"),
});

const endpointSubset = message("EndpointSubset", {
  1: many("addresses", of(endpointAddress)),
  2: many("notReadyAddresses", of(endpointAddress)),
  3: many("ports", of(subsetPort)),
});

const sliceEndpoint = message("Endpoint", {
  1: many("addresses"),
  2: one(
    "conditions",
    of(
      message("EndpointConditions", {
        1: one("ready", "flag?"),
        2: one("serving", "flag?"),
        3: one("terminating", "flag?"),
      }),
    ),
  ),
  3: one("hostname"),
  4: one("targetRef", of(objectReference)),
  5: texts("deprecatedTopology"),
  6: one("nodeName"),
  7: one("zone"),
  8: one(
    "hints",
    of(
      message("EndpointHints", { 1: many("forZones", of(message("ForZone", { 1: one("name") }))) }),
    ),
  ),
});

const slicePort = message("EndpointPort", {
  1: one("name"),
  2: one("protocol"),
  3: one("port", "int?"),
  4: one("appProtocol"),
});

const resourceAttributes = message("ResourceAttributes", {
  1: one("namespace"),
  2: one("verb"),
  3: one("group"),
  4: one("version"),
  5: one("resource"),
  6: one("subresource"),
  7: one("name"),
});

const accessSpec = message("SelfSubjectAccessReviewSpec", {
  1: one("resourceAttributes", of(resourceAttributes)),
  2: one(
    "nonResourceAttributes",
    of(message("NonResourceAttributes", { 1: one("path"), 2: one("verb") })),
  ),
});

const tokenSpec = message("TokenRequestSpec", {
  1: many("audiences"),
  3: one(
    "boundObjectRef",
    of(
      message("BoundObjectReference", {
        1: one("kind"),
        2: one("apiVersion"),
        3: one("name"),
        4: one("uid"),
      }),
    ),
  ),
  4: one("expirationSeconds", "int?"),
});

const deleteOptions = message("DeleteOptions", {
  1: one("gracePeriodSeconds", "int?"),
  2: one(
    "preconditions",
    of(message("Preconditions", { 1: one("uid"), 2: one("resourceVersion") })),
  ),
  3: one("orphanDependents", "flag?"),
  4: one("propagationPolicy"),
  5: many("dryRun"),
  6: one("ignoreStoreReadErrorWithClusterBreakingPotential", "flag?"),
});

/** By `<apiVersion>/<kind>`; DeleteOptions by its kind alone, since clients send it in any group's version. */
export const messages: Readonly<Record<string, Message>> = {
  "v1/Namespace": object("Namespace", {
    2: one("spec", of(message("NamespaceSpec", { 1: many("finalizers") }))),
    3: one("status", "skip"),
  }),
  "v1/ServiceAccount": object("ServiceAccount", {
    2: many("secrets", of(objectReference)),
    3: many("imagePullSecrets", of(message("LocalObjectReference", { 1: one("name") }))),
    4: one("automountServiceAccountToken", "flag?"),
  }),
  "v1/Secret": object("Secret", {
    2: one("data", { map: "bytes" }),
    3: one("type"),
    4: texts("stringData"),
    5: one("immutable", "flag?"),
  }),
  "v1/Service": object("Service", { 2: one("spec", of(serviceSpec)), 3: one("status", "skip") }),
  "v1/Endpoints": object("Endpoints", { 2: many("subsets", of(endpointSubset)) }),
  "discovery.k8s.io/v1/EndpointSlice": object("EndpointSlice", {
    2: many("endpoints", of(sliceEndpoint)),
    3: many("ports", of(slicePort)),
    4: one("addressType"),
  }),
  "authorization.k8s.io/v1/SelfSubjectAccessReview": object("SelfSubjectAccessReview", {
    2: one("spec", of(accessSpec)),
    3: one("status", "skip"),
  }),
  "authorization.k8s.io/v1/SelfSubjectRulesReview": object("SelfSubjectRulesReview", {
    2: one("spec", of(message("SelfSubjectRulesReviewSpec", { 1: one("namespace") }))),
    3: one("status", "skip"),
  }),
  "authentication.k8s.io/v1/SelfSubjectReview": object("SelfSubjectReview", {
    2: one("status", "skip"),
  }),
  "authentication.k8s.io/v1/TokenRequest": object("TokenRequest", {
    2: one("spec", of(tokenSpec)),
    3: one("status", "skip"),
  }),
  DeleteOptions: deleteOptions,
};
