import { identityOf } from "../identity.ts";
import type { ValueMatch } from "../matching.ts";
import type { Resource } from "../resource.ts";
import { asCidr } from "../schema/ip.ts";
import { readSelector } from "../schema/selector.ts";
import type {
  AuthorizationPolicy,
  AuthorizationRule,
  Operation,
  PathValue,
  ServiceAccountRef,
  Source,
  WhenCondition,
} from "./authorization-policy.ts";
import type {
  AuthorizationPolicySpec,
  ConditionSpec,
  OperationSpec,
  RuleSpec,
  SourceSpec,
} from "./schema.ts";
import { readWhenKey } from "./when-key.ts";

export function readAuthorizationPolicy(resource: Resource): AuthorizationPolicy {
  const object = identityOf(resource);
  const spec = (resource.spec ?? {}) as AuthorizationPolicySpec;
  const selector = readSelector(spec.selector);
  return {
    object,
    ...(selector === undefined ? {} : { selector }),
    action: spec.action === "DENY" ? "deny" : "allow",
    rules: (spec.rules ?? []).map((rule) => readRule(rule, object.namespace)),
  };
}

function readRule(
  { from = [], to = [], when = [] }: RuleSpec,
  namespace: string,
): AuthorizationRule {
  return {
    from: from.map(({ source }) => readSource(source, namespace)),
    to: to.map(({ operation }) => readOperation(operation)),
    when: when.flatMap(readCondition),
  };
}

function readSource(spec: SourceSpec, namespace: string): Source {
  const account = (name: string): ServiceAccountRef => readAccount(name, namespace);
  return {
    principals: (spec.principals ?? []).map(readValue),
    notPrincipals: (spec.notPrincipals ?? []).map(readValue),
    namespaces: (spec.namespaces ?? []).map(readValue),
    notNamespaces: (spec.notNamespaces ?? []).map(readValue),
    serviceAccounts: (spec.serviceAccounts ?? []).map(account),
    notServiceAccounts: (spec.notServiceAccounts ?? []).map(account),
    ipBlocks: (spec.ipBlocks ?? []).map(asCidr),
    notIpBlocks: (spec.notIpBlocks ?? []).map(asCidr),
  };
}

function readAccount(written: string, namespace: string): ServiceAccountRef {
  const [first = "", second] = written.split("/");
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

function readOperation(spec: OperationSpec): Operation {
  return {
    hosts: (spec.hosts ?? []).map(readValue),
    notHosts: (spec.notHosts ?? []).map(readValue),
    ports: (spec.ports ?? []).map(Number),
    notPorts: (spec.notPorts ?? []).map(Number),
    methods: (spec.methods ?? []).map(readValue),
    notMethods: (spec.notMethods ?? []).map(readValue),
    paths: (spec.paths ?? []).map(readPath),
    notPaths: (spec.notPaths ?? []).map(readPath),
  };
}

/** `*`, `pre*`, `*suf`, or exactly this. */
function readValue(written: string): ValueMatch {
  if (written === "*") return { kind: "present" };
  if (written.startsWith("*")) return { kind: "suffix", value: written.slice(1) };
  if (written.endsWith("*")) return { kind: "prefix", value: written.slice(0, -1) };
  return { kind: "exact", value: written };
}

function readPath(written: string): PathValue {
  return /\{\*\*?\}/.test(written) ? { kind: "template", value: written } : readValue(written);
}

function readCondition({ key, values = [], notValues = [] }: ConditionSpec): WhenCondition[] {
  const read = readWhenKey(key);
  if (read === undefined) return [];
  const name = read.name.toLowerCase();
  switch (read.kind) {
    case "source-ip":
      return [
        { kind: read.kind, name, values: values.map(asCidr), notValues: notValues.map(asCidr) },
      ];
    case "destination-port":
      return [
        { kind: read.kind, name, values: values.map(Number), notValues: notValues.map(Number) },
      ];
    default:
      return [
        {
          kind: read.kind,
          name,
          values: values.map(readValue),
          notValues: notValues.map(readValue),
        },
      ];
  }
}
