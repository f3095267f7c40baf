import Type, { type Static } from "typebox";
import { choice, list, object, optional, text } from "../schema/fields.ts";
import { selectorSchema } from "../schema/selector.ts";

const noTokens = "tokens are not verified yet";
const noForwarded = "forwarded addresses are not trusted yet; ipBlocks is the direct peer";
const noTrustDomains = "write the trust domain into principals";
const noTargets = "policies are not attached to gateways or waypoints yet; write a selector";

const values = (description: string) =>
  optional(list(Type.String({ minLength: 1 }), description, { minItems: 1 }));

const source = object(
  {
    principals: values(
      "Identities of the caller, as <trust domain>/ns/<namespace>/sa/<account>; also pre*, *suf, or * for any.",
    ),
    notPrincipals: values("Identities that the caller must not have."),
    namespaces: values("Namespaces of the caller."),
    notNamespaces: values("Namespaces that the caller must not be of."),
    serviceAccounts: values("Accounts of the caller, as <namespace>/<account> or <account>."),
    notServiceAccounts: values("Accounts that the caller must not run as."),
    ipBlocks: values("Addresses or networks of the direct peer."),
    notIpBlocks: values("Addresses or networks that the direct peer must not be of."),
  },
  "Who calls. All that is written must hold.",
  {
    minProperties: 1,
    refused: {
      requestPrincipals: noTokens,
      notRequestPrincipals: noTokens,
      remoteIpBlocks: noForwarded,
      notRemoteIpBlocks: noForwarded,
      trustDomains: noTrustDomains,
      notTrustDomains: noTrustDomains,
    },
  },
);

const operation = object(
  {
    hosts: values("Hosts, without regard to case; also pre*, *suf, or * for any."),
    notHosts: values("Hosts that are excepted."),
    ports: values("Ports of the workload."),
    notPorts: values("Ports that are excepted."),
    methods: values("Methods, such as GET."),
    notMethods: values("Methods that are excepted."),
    paths: values(
      "Normalised paths without query; also pre*, *suf, *, and {*} for one segment or a final {**} for any number.",
    ),
    notPaths: values("Paths that are excepted."),
  },
  "What is called. All that is written must hold.",
  { minProperties: 1 },
);

const condition = object(
  {
    key: text(
      "What is looked at: request.headers[Name], source.ip, source.namespace, source.principal or destination.port.",
    ),
    values: values("One of these."),
    notValues: values("None of these."),
  },
  "A further condition.",
);

const rule = object(
  {
    from: optional(
      list(object({ source }, "A source."), "Any of these callers; all unless written.", {
        minItems: 1,
      }),
    ),
    to: optional(
      list(object({ operation }, "An operation."), "Any of these calls; all unless written.", {
        minItems: 1,
      }),
    ),
    when: optional(list(condition, "All of these must hold as well.", { minItems: 1 })),
  },
  "A rule; without anything in it, it fits every request.",
);

export const authorizationPolicySpecSchema = object(
  {
    selector: optional(selectorSchema),
    action: optional(
      choice(
        ["ALLOW", "DENY"],
        "DENY: what a rule fits is refused. ALLOW (unless written): what no rule of any ALLOW policy fits is refused.",
        {
          refused: {
            AUDIT: "requests are not marked for auditing yet",
            CUSTOM: "other authorisers are not asked yet",
          },
        },
      ),
    ),
    rules: optional(list(rule, "Any of these; none means that nothing fits.")),
  },
  "Who may do what with some workloads.",
  {
    refused: {
      targetRef: noTargets,
      targetRefs: noTargets,
      provider: "other authorisers are not asked yet",
    },
  },
);

export type AuthorizationPolicySpec = Static<typeof authorizationPolicySpecSchema>;
export type RuleSpec = NonNullable<AuthorizationPolicySpec["rules"]>[number];
export type SourceSpec = NonNullable<RuleSpec["from"]>[number]["source"];
export type OperationSpec = NonNullable<RuleSpec["to"]>[number]["operation"];
export type ConditionSpec = NonNullable<RuleSpec["when"]>[number];
