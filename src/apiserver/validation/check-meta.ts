import type { Issue } from "#core/issue.ts";
import type { ObjectMeta, Resource } from "#resources/resource.ts";
import type { QuotingIssue } from "../errors/field-error.ts";
import type { ServedKind } from "../kinds/served-kind.ts";

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Kinds whose names become DNS labels of their own, so that dots are not allowed in them. */
function nameIsLabel(kind: ServedKind): boolean {
  return kind.group === "" && (kind.plural === "namespaces" || kind.plural === "services");
}

export function checkMeta(kind: ServedKind, { metadata }: Resource): readonly Issue[] {
  return [
    ...checkName(kind, metadata.name),
    ...checkLabels(metadata.labels),
    ...checkAnnotations(metadata.annotations),
    ...checkFinalizers(metadata.finalizers),
    ...checkOwners(metadata.ownerReferences),
  ];
}

function checkName(kind: ServedKind, name: string): readonly Issue[] {
  const path = "metadata.name";
  if (name === "") return [{ path, code: "required", message: "name or generateName is required" }];
  if (nameIsLabel(kind)) {
    if (name.length > 63)
      return [{ path, code: "invalid", message: "must be no more than 63 characters" }];
    return LABEL.test(name) ? [] : [{ path, code: "invalid", message: LABEL_RULE }];
  }
  if (name.length > 253)
    return [{ path, code: "invalid", message: "must be no more than 253 characters" }];
  return SUBDOMAIN.test(name) ? [] : [{ path, code: "invalid", message: SUBDOMAIN_RULE }];
}

/** What is wrong with a label's or annotation's key, or undefined. */
export function labelKeyProblem(key: string): string | undefined {
  const [prefix, name, ...rest] = key.includes("/") ? key.split("/") : [undefined, key];
  if (name === undefined || rest.length > 0) return QUALIFIED_RULE;
  if (prefix !== undefined) {
    if (prefix === "") return "prefix part must be non-empty";
    if (prefix.length > 253) return "prefix part must be no more than 253 characters";
    if (!SUBDOMAIN.test(prefix)) return `prefix part ${SUBDOMAIN_RULE}`;
  }
  if (name === "") return "name part must be non-empty";
  if (name.length > 63) return "name part must be no more than 63 characters";
  return QUALIFIED_PART.test(name) ? undefined : QUALIFIED_RULE;
}

export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return "must be no more than 63 characters";
  return value === "" || QUALIFIED_PART.test(value) ? undefined : VALUE_RULE;
}

function checkLabels(labels: ObjectMeta["labels"]): readonly Issue[] {
  const path = "metadata.labels";
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...quoting(path, key, labelKeyProblem(key)),
    ...quoting(path, value, labelValueProblem(String(value))),
  ]);
}

function quoting(path: string, value: string, problem: string | undefined): QuotingIssue[] {
  return problem === undefined ? [] : [{ path, code: "invalid", message: problem, value }];
}

function checkAnnotations(annotations: ObjectMeta["annotations"]): readonly Issue[] {
  const path = "metadata.annotations";
  const entries = Object.entries(annotations ?? {});
  const issues: Issue[] = entries.flatMap(([key]) =>
    quoting(path, key, labelKeyProblem(key.toLowerCase())),
  );
  const size = entries.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  if (size > MAX_ANNOTATIONS_BYTES)
    issues.push({ path, code: "too-long", message: "may not be more than 262144 bytes" });
  return issues;
}

function checkFinalizers(finalizers: ObjectMeta["finalizers"]): readonly Issue[] {
  return (finalizers ?? []).flatMap((finalizer, i): Issue[] => {
    const problem = labelKeyProblem(String(finalizer));
    const path = `metadata.finalizers[${i}]`;
    return problem ? [{ path, code: "invalid", message: problem }] : [];
  });
}

function checkOwners(owners: ObjectMeta["ownerReferences"]): readonly Issue[] {
  const path = "metadata.ownerReferences";
  const controllers = (owners ?? []).filter((owner) => owner.controller === true);
  if (controllers.length < 2) return [];
  return [
    {
      path,
      code: "invalid",
      message: "Only one reference can have Controller set to true",
    },
  ];
}
