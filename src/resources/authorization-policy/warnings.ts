import { rootNamespace } from "../mesh-config/mesh-config.ts";
import type { Resource } from "../resource.ts";
import { emptySelectorWarning } from "../schema/selector.ts";
import type { AuthorizationPolicySpec, RuleSpec } from "./schema.ts";

export function authorizationPolicyWarnings(object: Resource): readonly string[] {
  const spec = (object.spec ?? {}) as AuthorizationPolicySpec;
  const { action = "ALLOW", rules = [], selector } = spec;
  return [
    ...emptySelectorWarning(selector),
    ...(action === "ALLOW" && rules.length === 0
      ? [`spec has no rules, so it denies every request to ${scopeOf(object, spec)}`]
      : []),
    ...rules.flatMap((rule, i) => [
      ...oddPaths(rule, `spec.rules[${i}]`),
      ...(action === "ALLOW" && isHttpOnly(rule)
        ? [
            `spec.rules[${i}] looks at HTTP only and names no ports, so connections that are not HTTP are denied to the workloads that it selects`,
          ]
        : []),
    ]),
  ];
}

function scopeOf(object: Resource, { selector }: AuthorizationPolicySpec): string {
  if (selector?.matchLabels !== undefined) return "the workloads that it selects";
  const { namespace } = object.metadata;
  return namespace === rootNamespace
    ? "the whole mesh"
    : `every workload of namespace ${namespace}`;
}

function isHttpOnly({ from = [], to = [], when = [] }: RuleSpec): boolean {
  const http = to.some(({ operation: { hosts, notHosts, methods, notMethods, paths, notPaths } }) =>
    [hosts, notHosts, methods, notMethods, paths, notPaths].some((list) => list !== undefined),
  );
  const ports = to.some(({ operation }) => operation.ports !== undefined);
  const keys = when.some(({ key }) => !key.startsWith("request."));
  return http && !ports && from.length === 0 && !keys;
}

function oddPaths({ to = [] }: RuleSpec, path: string): readonly string[] {
  return to.flatMap(({ operation }, i) =>
    (operation.paths ?? []).flatMap((value, j) =>
      value.startsWith("/") || value.startsWith("*")
        ? []
        : [
            `${path}.to[${i}].operation.paths[${j}] never matches: paths begin with /, and this is "${value}"`,
          ],
    ),
  );
}
