import type { Condition } from "#config/authorization.ts";
import type { StringMatch } from "#config/string-match.ts";
import type {
  AuthorizationRule,
  Operation,
  PathValue,
  Source,
  WhenCondition,
} from "#resources/authorization-policy/authorization-policy.ts";
import type { ValueMatch } from "#resources/matching.ts";

/** One rule as a tree: any of its sources, and any of its operations, and every condition. */
export function compileRule(rule: AuthorizationRule, trustDomain: string): Condition {
  return all([
    ...(rule.from.length === 0 ? [] : [any(rule.from.map((one) => fromSource(one, trustDomain)))]),
    ...(rule.to.length === 0 ? [] : [any(rule.to.map(toOperation))]),
    ...rule.when.map((one) => whenCondition(one, trustDomain)),
  ]);
}

function fromSource(source: Source, trustDomain: string): Condition {
  const principal = (value: ValueMatch): Condition => principalCondition(value, trustDomain);
  const { principals, namespaces, serviceAccounts, ipBlocks } = source;
  return all([
    ...listed(principals, source.notPrincipals, principal),
    ...listed(
      namespaces,
      source.notNamespaces,
      (match): Condition => ({
        kind: "namespace",
        match: valueMatch(match),
      }),
    ),
    ...listed(
      serviceAccounts,
      source.notServiceAccounts,
      ({ namespace, name }): Condition => ({
        kind: "principal",
        match: { kind: "suffix", value: `/ns/${namespace}/sa/${name}` },
      }),
    ),
    ...listed(ipBlocks, source.notIpBlocks, sourceIp),
  ]);
}

function toOperation(operation: Operation): Condition {
  const { hosts, ports, methods, paths } = operation;
  return all([
    ...listed(
      hosts,
      operation.notHosts,
      (match): Condition => ({
        kind: "host",
        match: valueMatch(match),
      }),
    ),
    ...listed(ports, operation.notPorts, destinationPort),
    ...listed(
      methods,
      operation.notMethods,
      (match): Condition => ({
        kind: "method",
        match: valueMatch(match),
      }),
    ),
    ...listed(
      paths,
      operation.notPaths,
      (match): Condition => ({
        kind: "path",
        match: pathMatch(match),
      }),
    ),
  ]);
}

function whenCondition(when: WhenCondition, trustDomain: string): Condition {
  switch (when.kind) {
    case "header":
      return all(
        listed(
          when.values,
          when.notValues,
          (match): Condition => ({
            kind: "header",
            header: { name: when.name, match: valueMatch(match), invert: false },
          }),
        ),
      );
    case "source-principal":
      return all(
        listed(when.values, when.notValues, (value) => principalCondition(value, trustDomain)),
      );
    case "source-namespace":
      return all(
        listed(
          when.values,
          when.notValues,
          (match): Condition => ({
            kind: "namespace",
            match: valueMatch(match),
          }),
        ),
      );
    case "source-ip":
      return all(listed(when.values, when.notValues, sourceIp));
    case "destination-port":
      return all(listed(when.values, when.notValues, destinationPort));
  }
}

/** One of `values` (when any), and none of `notValues`. */
function listed<T>(
  values: readonly T[],
  notValues: readonly T[],
  condition: (value: T) => Condition,
): readonly Condition[] {
  return [
    ...(values.length === 0 ? [] : [any(values.map(condition))]),
    ...(notValues.length === 0
      ? []
      : [{ kind: "not", of: any(notValues.map(condition)) } as const]),
  ];
}

function all(conditions: readonly Condition[]): Condition {
  const flat = conditions.flatMap((one) => (one.kind === "all" ? one.of : one));
  const demanding = flat.filter(({ kind }) => kind !== "always");
  const [first, ...more] = demanding;
  if (first === undefined) return { kind: "always" };
  return more.length === 0 ? first : { kind: "all", of: demanding };
}

function any(conditions: readonly Condition[]): Condition {
  const [first, ...more] = conditions;
  return first !== undefined && more.length === 0 ? first : { kind: "any", of: conditions };
}

/** Istio's word for the mesh's own trust domain, whatever it is called. */
const ownTrustDomain = "cluster.local/";

function principalCondition(written: ValueMatch, trustDomain: string): Condition {
  const match = valueMatch(written);
  const isOwn =
    (match.kind === "exact" || match.kind === "prefix") && match.value.startsWith(ownTrustDomain);
  if (!isOwn) return { kind: "principal", match };
  const value = `${trustDomain}/${match.value.slice(ownTrustDomain.length)}`;
  return { kind: "principal", match: { kind: match.kind, value } };
}

function valueMatch(written: ValueMatch): { readonly kind: "present" } | StringMatch {
  return written.kind === "present"
    ? { kind: "present" }
    : { kind: written.kind, value: written.value };
}

function pathMatch(written: PathValue): (Condition & { readonly kind: "path" })["match"] {
  return written.kind === "template"
    ? { kind: "template", value: written.value }
    : valueMatch(written);
}

function sourceIp(cidr: string): Condition {
  return { kind: "source-ip", cidr };
}

function destinationPort(port: number): Condition {
  return { kind: "destination-port", port };
}
