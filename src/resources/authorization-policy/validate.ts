import type { Issue } from "#core/issue.ts";
import { isDnsLabel, isDnsSubdomain } from "../names.ts";
import type { Resource } from "../resource.ts";
import { checkSelector, isHeaderName, issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import { isCidr } from "../schema/ip.ts";
import { didYouMean } from "../schema/nearest.ts";
import { pathProblem } from "./path-template.ts";
import type {
  AuthorizationPolicySpec,
  ConditionSpec,
  OperationSpec,
  RuleSpec,
  SourceSpec,
} from "./schema.ts";
import { readWhenKey, refusalOfKey, whenKeys } from "./when-key.ts";

/** As Istio limits it. */
const maxServiceAccounts = 16;

export function validateAuthorizationPolicy(object: Resource): readonly Issue[] {
  const { selector, action, rules = [] } = (object.spec ?? {}) as AuthorizationPolicySpec;
  const idle = action === "DENY" && rules.length === 0;
  return [
    ...checkSelector(selector?.matchLabels, "spec.selector.matchLabels"),
    ...(idle
      ? [
          issue(
            "spec.rules",
            "required",
            "required with DENY: without rules nothing is denied; to deny everything write rules: [{}]",
          ),
        ]
      : []),
    ...rules.flatMap((rule, i) => validateRule(rule, fieldPath("spec.rules", i))),
  ];
}

function validateRule({ from = [], to = [], when = [] }: RuleSpec, path: string): readonly Issue[] {
  return [
    ...from.flatMap(({ source }, i) =>
      validateSource(source, `${fieldPath(`${path}.from`, i)}.source`),
    ),
    ...to.flatMap(({ operation }, i) =>
      validateOperation(operation, `${fieldPath(`${path}.to`, i)}.operation`),
    ),
    ...when.flatMap((condition, i) => validateCondition(condition, fieldPath(`${path}.when`, i))),
  ];
}

/** What is wrong with one value of a list, in words; undefined when nothing is. */
type Problem = (value: string) => string | undefined;

function checkEach(
  values: readonly string[] | undefined,
  path: string,
  problem: Problem,
): readonly Issue[] {
  return (values ?? []).flatMap((value, i) => {
    const message = problem(value);
    return message === undefined ? [] : [issue(fieldPath(path, i), "invalid", message)];
  });
}

function validateSource(source: SourceSpec, path: string): readonly Issue[] {
  const mixed =
    (source.serviceAccounts !== undefined || source.notServiceAccounts !== undefined) &&
    (["principals", "notPrincipals", "namespaces", "notNamespaces"] as const).some(
      (field) => source[field] !== undefined,
    );
  const many = Math.max(
    source.serviceAccounts?.length ?? 0,
    source.notServiceAccounts?.length ?? 0,
  );
  return [
    ...sourceFields.flatMap(([field, problem]) =>
      checkEach(source[field], `${path}.${field}`, problem),
    ),
    ...(mixed
      ? [
          issue(
            path,
            "invalid",
            "serviceAccounts cannot be written together with principals or namespaces; use one or the other",
          ),
        ]
      : []),
    ...(many > maxServiceAccounts
      ? [
          issue(
            `${path}.serviceAccounts`,
            "out-of-range",
            `expected at most ${maxServiceAccounts} accounts, got ${many}`,
          ),
        ]
      : []),
  ];
}

function validateOperation(operation: OperationSpec, path: string): readonly Issue[] {
  return operationFields.flatMap(([field, problem]) =>
    checkEach(operation[field], `${path}.${field}`, problem),
  );
}

function validateCondition(condition: ConditionSpec, path: string): readonly Issue[] {
  const { key, values, notValues } = condition;
  const read = readWhenKey(key);
  if (read === undefined) return [keyIssue(key, `${path}.key`)];
  const issues: Issue[] = [];
  if (read.kind === "header" && !isHeaderName(read.name))
    issues.push(issue(`${path}.key`, "invalid", `"${read.name}" is not the name of a header`));
  if (values === undefined && notValues === undefined)
    issues.push(
      issue(
        path,
        "required",
        'expected values or notValues; for a header that must be there, write values: ["*"]',
      ),
    );
  const problem = valueProblems[read.kind];
  return [
    ...issues,
    ...checkEach(values, `${path}.values`, problem),
    ...checkEach(notValues, `${path}.notValues`, problem),
  ];
}

function keyIssue(key: string, path: string): Issue {
  const expected = `expected one of ${whenKeys.join(", ")}`;
  const reason = refusalOfKey(key);
  if (reason !== undefined)
    return issue(
      path,
      "unsupported-value",
      `${key} is not supported by this version of Weft (${reason}); ${expected}`,
    );
  return issue(path, "invalid", `unknown key "${key}"; ${expected}${didYouMean(key, whenKeys)}`);
}

function principalProblem(value: string): string | undefined {
  if (value.startsWith("spiffe://"))
    return `principals are written without spiffe://, as "${value.slice("spiffe://".length)}"`;
  return wildcardProblem(value);
}

function wildcardProblem(value: string): string | undefined {
  const stars = value.split("*").length - 1;
  if (stars === 0 || value === "*") return undefined;
  if (stars === 1 && (value.startsWith("*") || value.endsWith("*"))) return undefined;
  return `"${value}" has * where it means nothing; expected pre*, *suf, * or the exact value`;
}

function accountProblem(value: string): string | undefined {
  if (value.includes("*")) return "accounts have no wildcards; write namespaces or principals";
  const [first = "", second, ...rest] = value.split("/");
  const right =
    rest.length === 0 &&
    (second === undefined ? isDnsSubdomain(first) : isDnsLabel(first) && isDnsSubdomain(second));
  return right
    ? undefined
    : `"${value}" is not an account; expected <namespace>/<account> or <account>`;
}

function cidrProblem(value: string): string | undefined {
  return isCidr(value)
    ? undefined
    : `"${value}" is neither an IP address nor a network such as 10.0.0.0/8`;
}

function portProblem(value: string): string | undefined {
  const right = /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535;
  return right ? undefined : `expected a port from "1" to "65535", got "${value}"`;
}

const valueProblems: Readonly<
  Record<NonNullable<ReturnType<typeof readWhenKey>>["kind"], Problem>
> = {
  header: wildcardProblem,
  "source-ip": cidrProblem,
  "source-namespace": wildcardProblem,
  "source-principal": principalProblem,
  "destination-port": portProblem,
};

const sourceFields: readonly (readonly [keyof SourceSpec, Problem])[] = [
  ["principals", principalProblem],
  ["notPrincipals", principalProblem],
  ["namespaces", wildcardProblem],
  ["notNamespaces", wildcardProblem],
  ["serviceAccounts", accountProblem],
  ["notServiceAccounts", accountProblem],
  ["ipBlocks", cidrProblem],
  ["notIpBlocks", cidrProblem],
];

const operationFields: readonly (readonly [keyof OperationSpec, Problem])[] = [
  ["hosts", wildcardProblem],
  ["notHosts", wildcardProblem],
  ["ports", portProblem],
  ["notPorts", portProblem],
  ["methods", wildcardProblem],
  ["notMethods", wildcardProblem],
  ["paths", pathProblem],
  ["notPaths", pathProblem],
];
