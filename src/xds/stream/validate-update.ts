// Whether an update makes sense as a whole, judged before anything of it is used: every problem of every resource at
// once. Shapes are right already (the codec saw to that); this is about values and about what points where.
import { isIP } from "node:net";
import type { Condition } from "#config/authorization.ts";
import type { Listener } from "#config/listener.ts";
import type { Route, RouteConfiguration, VirtualHost } from "#config/route.ts";
import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import type { Issue } from "#core/issue.ts";
import { isOf } from "./references.ts";

/** What is checked: a change and everything that would be in force after it. */
export interface CheckedUpdate {
  readonly upserted: readonly ConfigResource[];
  readonly removed: readonly string[];
  readonly type: ConfigResource["type"];
  readonly snapshot: Snapshot;
}

/** A reason when the proxy's engine refuses the pattern. */
export type CheckRegex = (pattern: string) => string | undefined;

export const LIMITS = {
  nameChars: 2048,
  routesPerHost: 10_000,
  domainsPerHost: 10_000,
  endpointsPerSet: 100_000,
  weightSum: 0xffff_ffff,
} as const;

/** Empty: fine. Paths begin with the quoted name of the resource. */
export function validateUpdate(update: CheckedUpdate, checkRegex: CheckRegex): readonly Issue[] {
  const found = new Findings(checkRegex);
  for (const resource of update.upserted) {
    found.resource = `${resource.type} "${resource.name.slice(0, LIMITS.nameChars)}"`;
    if (resource.name === "" || resource.name.length > LIMITS.nameChars)
      found.add("", "invalid", `a name has 1 to ${LIMITS.nameChars} characters`);
    checkReferences(resource, update.snapshot, found);
    checkValue(resource, found);
  }
  return found.issues;
}

/** One sentence for the operator, at most a few issues of many. */
export function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`);
  const more = issues.length > shown.length ? [`and ${issues.length - shown.length} more`] : [];
  return [...shown, ...more].join("; ");
}

class Findings {
  readonly issues: Issue[] = [];
  readonly #checkRegex: CheckRegex;
  resource = "";

  constructor(checkRegex: CheckRegex) {
    this.#checkRegex = checkRegex;
  }

  add(path: string, code: string, message: string): void {
    this.issues.push({
      path: path === "" ? this.resource : `${this.resource} ${path}`,
      code,
      message,
    });
  }

  regex(path: string, pattern: string): void {
    const reason = this.#checkRegex(pattern);
    if (reason !== undefined)
      this.add(path, "invalid", `the pattern ${JSON.stringify(pattern)} is refused: ${reason}`);
  }

  port(path: string, port: number): void {
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      this.add(path, "invalid", `${port} is not a port: 1 to 65535`);
  }

  atMost(path: string, count: number, max: number, what: string): void {
    if (count > max) this.add(path, "too-large", `${count} ${what}, at most ${max} are accepted`);
  }
}

/**
 * A cluster that a route names may be missing: the user's route names a host or subset that does not exist (yet), and
 * requests to it are answered 503. That nothing dangles on the way from one good state to another is the server's order.
 */
function checkReferences(resource: ConfigResource, snapshot: Snapshot, found: Findings): void {
  if (resource.type !== "virtual-host") return;
  const owner = resource.name.slice(0, resource.name.indexOf("/"));
  if (!snapshot.route.has(owner))
    found.add("", "missing", `its route configuration "${owner}" is not there`);
}

function checkValue(resource: ConfigResource, found: Findings): void {
  if (isOf(resource, "listener")) checkListener(resource.value, found);
  else if (isOf(resource, "route")) checkRoutes(resource.value, "", found);
  else if (isOf(resource, "virtual-host")) checkHost(resource.value, "", found);
  else if (isOf(resource, "cluster")) checkCluster(resource, found);
  else if (isOf(resource, "endpoints")) checkEndpoints(resource, found);
  else if (isOf(resource, "secret") && resource.value.roots.length === 0)
    found.add("roots", "required", "a trust bundle without a root trusts nobody");
}

function checkListener(listener: Listener, found: Findings): void {
  found.port("address.port", listener.address.port);
  if (isIP(listener.address.host) === 0)
    found.add("address.host", "invalid", `"${listener.address.host}" is not an IP address`);
  if (listener.kind === "outbound") return;
  found.port("workloadPort", listener.workloadPort);
  checkRoutes(listener.routes, "routes.", found);
  const { deny, allow = [] } = listener.authorization;
  for (const { name, when } of [...deny, ...allow]) checkCondition(when, name, found);
}

function checkCondition(condition: Condition, at: string, found: Findings): void {
  switch (condition.kind) {
    case "all":
    case "any":
      for (const each of condition.of) checkCondition(each, at, found);
      return;
    case "not":
      checkCondition(condition.of, at, found);
      return;
    case "destination-port":
      found.port(at, condition.port);
      return;
    case "source-ip":
      if (!isCidr(condition.cidr))
        found.add(at, "invalid", `"${condition.cidr}" is not an address or CIDR block`);
      return;
    case "header":
      checkMatch(condition.header.match, `${at} header ${condition.header.name}`, found);
      return;
    case "always":
      return;
    default:
      checkMatch(condition.match, `${at} ${condition.kind}`, found);
  }
}

function checkRoutes(routes: RouteConfiguration, at: string, found: Findings): void {
  for (const [i, host] of routes.virtualHosts.entries())
    checkHost(host, `${at}virtualHosts[${i}].`, found);
}

function checkHost(host: VirtualHost, at: string, found: Findings): void {
  if (host.domains.length === 0)
    found.add(`${at}domains`, "required", "a virtual host without a domain is never used");
  found.atMost(`${at}domains`, host.domains.length, LIMITS.domainsPerHost, "domains");
  found.atMost(`${at}routes`, host.routes.length, LIMITS.routesPerHost, "routes");
  for (const [i, route] of host.routes.entries()) checkRoute(route, `${at}routes[${i}]`, found);
}

function checkRoute({ match, action }: Route, at: string, found: Findings): void {
  checkMatch(match.path, `${at}.match.path`, found);
  for (const [i, header] of match.headers.entries())
    checkMatch(header.match, `${at}.match.headers[${i}]`, found);
  for (const [i, query] of match.query.entries())
    checkMatch(query.match, `${at}.match.query[${i}]`, found);
  if (action.kind === "respond" && (action.status < 200 || action.status > 599))
    found.add(`${at}.status`, "invalid", `${action.status} is not a final status: 200 to 599`);
  if (action.kind === "redirect" && typeof action.port === "number")
    found.port(`${at}.port`, action.port);
  if (action.kind !== "forward") return;
  checkWeights(action.clusters, at, found);
  if (action.rewrite?.path?.kind === "regex")
    found.regex(`${at}.rewrite.path`, action.rewrite.path.pattern);
}

function checkWeights(
  clusters: readonly { readonly weight: number }[],
  at: string,
  found: Findings,
): void {
  const sum = clusters.reduce((total, { weight }) => total + weight, 0);
  if (sum === 0) found.add(`${at}.clusters`, "invalid", "the weights add up to 0");
  if (sum > LIMITS.weightSum)
    found.add(`${at}.clusters`, "invalid", `the weights add up to more than ${LIMITS.weightSum}`);
}

function checkMatch(
  match: { readonly kind: string; readonly value?: string },
  at: string,
  found: Findings,
): void {
  if (match.kind === "regex" && match.value !== undefined) found.regex(at, match.value);
}

function checkCluster({ value: cluster }: ConfigResource<"cluster">, found: Findings): void {
  const { discovery } = cluster;
  if (discovery.kind === "eds" && discovery.name === "")
    found.add("discovery.name", "required", "an endpoint set has a name");
  let addresses: readonly { readonly port: number }[] = [];
  if (discovery.kind === "static") addresses = discovery.endpoints;
  if (discovery.kind === "dns") addresses = discovery.hosts.map(({ address }) => address);
  for (const [i, { port }] of addresses.entries()) found.port(`discovery[${i}].port`, port);
  if (cluster.connectTimeoutMs <= 0)
    found.add("connectTimeoutMs", "invalid", "a connection needs more than no time");
}

function checkEndpoints({ value }: ConfigResource<"endpoints">, found: Findings): void {
  const { endpoints } = value;
  found.atMost("endpoints", endpoints.length, LIMITS.endpointsPerSet, "endpoints");
  for (const [i, { address, workloadPort, weight }] of endpoints.entries()) {
    found.port(`endpoints[${i}].address.port`, address.port);
    found.port(`endpoints[${i}].workloadPort`, workloadPort);
    if (weight < 1) found.add(`endpoints[${i}].weight`, "invalid", "a weight is at least 1");
  }
}

function isCidr(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (length === undefined) return true;
  return /^\d{1,3}$/.test(length) && Number(length) <= (version === 6 ? 128 : 32);
}
