/** Names of objects and hosts, as Kubernetes and Istio write and complete them. */

export const clusterDomain = "cluster.local";

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** RFC 1123 label: what namespaces, services and ports' names are. */
export function isDnsLabel(name: string): boolean {
  return dnsLabel.test(name);
}

/** RFC 1123 subdomain, at most 253 characters: what most objects' names are. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split(".").every(isDnsLabel);
}

/** A host as rules name it: a DNS name in any case, or `*`, or `*.` and a DNS name. A final dot is allowed. */
export function isHostPattern(host: string): boolean {
  if (host === "*") return true;
  const name = host.startsWith("*.") ? host.slice(2) : host;
  return isDnsSubdomain(name.toLowerCase().replace(/\.$/, ""));
}

export function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** The service that a full name means, when it means one of the cluster. */
export function serviceOfHost(
  host: string,
): { readonly name: string; readonly namespace: string } | undefined {
  const suffix = `.svc.${clusterDomain}`;
  if (!host.endsWith(suffix)) return undefined;
  const [name, namespace, ...rest] = host.slice(0, -suffix.length).split(".");
  return name && namespace && rest.length === 0 ? { name, namespace } : undefined;
}

/** A name without a dot is completed with the namespace *of the rule*; any other is taken as it is. Lower case. */
export function completeHost(host: string, ruleNamespace: string): string {
  const name = host.toLowerCase().replace(/\.$/, "");
  return name.includes(".") || name === "*" ? name : serviceHost(name, ruleNamespace);
}

/** Whether `pattern` (`*`, `*.suffix` or a name) covers `host`; a narrower wildcard counts as covered. Both lower case. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  if (!pattern.startsWith("*.")) return false;
  const suffix = pattern.slice(1);
  const name = host.startsWith("*") ? host.slice(1) : host;
  return host === "*"
    ? false
    : name.endsWith(suffix) && (host.startsWith("*") || name.length > suffix.length);
}

/** Sort order of host patterns: names before wildcards, longer wildcards first, `*` last. */
export function narrowerFirst(a: string, b: string): number {
  const rank = (host: string): number => (host.startsWith("*") ? 1 : 0);
  return rank(a) - rank(b) || (rank(a) === 0 ? 0 : b.length - a.length);
}
