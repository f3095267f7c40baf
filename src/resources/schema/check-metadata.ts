import type { Issue } from "#core/issue.ts";
import { isDnsLabel, isDnsSubdomain } from "../names.ts";
import type { Resource } from "../resource.ts";
import { fieldPath } from "./field-path.ts";

/** `label`: RFC 1123 label; `service`: RFC 1035 label, which begins with a letter; `subdomain`: labels joined by dots. */
export type NameRule = "label" | "service" | "subdomain";

const rules: Readonly<Record<NameRule, { holds(name: string): boolean; words: string }>> = {
  label: {
    holds: isDnsLabel,
    words:
      "at most 63 lower-case letters, digits and -, beginning and ending with a letter or digit",
  },
  service: {
    holds: (name) => isDnsLabel(name) && /^[a-z]/.test(name),
    words:
      "at most 63 lower-case letters, digits and -, beginning with a letter, not ending with -",
  },
  subdomain: {
    holds: isDnsSubdomain,
    words:
      "lower-case letters, digits, - and ., each part beginning and ending with a letter or digit",
  },
};

const maxAnnotationBytes = 256 * 1024;

export function checkMetadata(rule: NameRule, object: Resource): readonly Issue[] {
  const { metadata } = object;
  const issues: Issue[] = [];
  const invalid = (path: string, message: string): void => {
    issues.push({ path, code: "invalid", message });
  };
  if (metadata.name !== undefined && !rules[rule].holds(metadata.name))
    invalid(
      "metadata.name",
      `"${metadata.name}" is not a name here: expected ${rules[rule].words}`,
    );
  if (!metadata.name && !metadata.generateName)
    issues.push({
      path: "metadata.name",
      code: "required",
      message: "name or generateName is required",
    });
  if (metadata.namespace !== undefined && !isDnsLabel(metadata.namespace))
    invalid(
      "metadata.namespace",
      `"${metadata.namespace}" is not a namespace's name: expected ${rules.label.words}`,
    );
  return [
    ...issues,
    ...checkLabels(metadata.labels ?? {}, "metadata.labels"),
    ...checkAnnotations(metadata.annotations ?? {}),
  ];
}

/** Keys and values as labels may have them; `path` is where they stand. */
export function checkLabels(
  labels: Readonly<Record<string, string>>,
  path: string,
): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [key, value] of Object.entries(labels)) {
    const at = fieldPath(path, key);
    if (!isQualifiedName(key))
      issues.push({
        path: at,
        code: "invalid",
        message: `"${key}" is not a label's key: ${qualifiedNameWords}`,
      });
    if (!isLabelValue(value))
      issues.push({
        path: at,
        code: "invalid",
        message: `"${value}" is not a label's value: expected at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit, or nothing`,
      });
  }
  return issues;
}

const qualifiedNameWords =
  "expected at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit, optionally after a DNS name and /";

function isQualifiedName(key: string): boolean {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  return (prefix === undefined || isDnsSubdomain(prefix)) && name !== "" && isLabelValue(name);
}

function isLabelValue(value: string): boolean {
  return (
    value === "" || (value.length <= 63 && /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(value))
  );
}

function checkAnnotations(annotations: Readonly<Record<string, string>>): readonly Issue[] {
  const issues: Issue[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    size += key.length + value.length;
    if (!isQualifiedName(key.toLowerCase()))
      issues.push({
        path: fieldPath("metadata.annotations", key),
        code: "invalid",
        message: `"${key}" is not an annotation's key: ${qualifiedNameWords}`,
      });
  }
  if (size > maxAnnotationBytes)
    issues.push({
      path: "metadata.annotations",
      code: "out-of-range",
      message: `expected at most ${maxAnnotationBytes} characters in all, got ${size}`,
    });
  return issues;
}
