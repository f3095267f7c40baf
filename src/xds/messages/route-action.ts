import {
  type ForwardAction,
  noHeaderEdits,
  type RespondAction,
  type Rewrite,
  type RouteAction,
  type WeightedCluster,
} from "#config/route.ts";
import { fromDuration, toDuration } from "./duration.ts";
import {
  WeightedCluster_ClusterWeight as ClusterWeight,
  type DirectResponseAction as DirectResponseMessage,
  RouteAction as ForwardMessage,
  type Route as RouteMessage,
} from "./generated/envoy/config/route/v3/route_components.ts";
import { fromHeadersToAdd, toHeadersToAdd } from "./header-edits.ts";
import { Interned } from "./interned.ts";
import { fromRedirect, toRedirect } from "./redirect.ts";
import { fromRetry, toRetry } from "./retry-policy.ts";
import { toRegex } from "./string-match.ts";

type ActionMessage = NonNullable<RouteMessage["action"]>;
type Fields = Readonly<Record<string, unknown>>;

/** What Envoy's message cannot say about an action; goes into the route's metadata. */
export function actionExtras(action: RouteAction): Fields {
  if (action.kind === "forward")
    return {
      removesPrefix: isPrefixRemoval(action.rewrite) ? true : undefined,
      rewritesWholePath: action.rewrite?.path?.kind === "path" ? true : undefined,
      explicitRetry: action.retry?.explicit ? true : undefined,
    };
  if (action.kind === "redirect")
    return { redirectPort: typeof action.port === "string" ? action.port : undefined };
  return {};
}

export function toAction(action: RouteAction): ActionMessage {
  switch (action.kind) {
    case "forward":
      return { $case: "route", value: toForward(action) };
    case "redirect":
      return { $case: "redirect", value: toRedirect(action) };
    case "respond":
      return { $case: "directResponse", value: toRespond(action) };
  }
}

/** Undefined for an action that Weft does not have. */
export function fromAction(
  message: RouteMessage["action"],
  extras: Fields,
): RouteAction | undefined {
  switch (message?.$case) {
    case "route":
      return fromForward(message.value, extras);
    case "redirect":
      return fromRedirect(message.value, extras);
    case "directResponse":
      return fromRespond(message.value);
    default:
      return undefined;
  }
}

/** A sole cluster with this weight and no header edits is Envoy's plain `cluster`. */
const SOLE_WEIGHT = 100;

function toForward(action: ForwardAction): ForwardMessage {
  const { clusters, rewrite } = action;
  const message = ForwardMessage.fromPartial({ timeout: toDuration(action.timeoutMs ?? 0) });
  message.clusterSpecifier = toClusters(clusters);
  if (action.retry) message.retryPolicy = toRetry(action.retry);
  if (rewrite?.authority !== undefined)
    message.hostRewriteSpecifier = { $case: "hostRewriteLiteral", value: rewrite.authority };
  if (rewrite?.path?.kind === "prefix") message.prefixRewrite = rewrite.path.value;
  else if (rewrite?.path) message.regexRewrite = toRegexRewrite(rewrite.path);
  return message;
}

function toClusters(clusters: readonly WeightedCluster[]): ForwardMessage["clusterSpecifier"] {
  const [first] = clusters;
  if (clusters.length === 1 && first && isPlain(first))
    return { $case: "cluster", value: first.cluster };
  return {
    $case: "weightedClusters",
    value: {
      clusters: clusters.map(toClusterWeight),
      totalWeight: undefined,
      runtimeKeyPrefix: "",
      randomValueSpecifier: undefined,
    },
  };
}

function isPlain({ weight, requestHeaders, responseHeaders }: WeightedCluster): boolean {
  return (
    weight === SOLE_WEIGHT &&
    [requestHeaders, responseHeaders].every(
      ({ set, add, remove }) => set.length + add.length + remove.length === 0,
    )
  );
}

function toClusterWeight(cluster: WeightedCluster): ClusterWeight {
  return ClusterWeight.fromPartial({
    name: cluster.cluster,
    weight: cluster.weight,
    requestHeadersToAdd: toHeadersToAdd(cluster.requestHeaders),
    requestHeadersToRemove: [...cluster.requestHeaders.remove],
    responseHeadersToAdd: toHeadersToAdd(cluster.responseHeaders),
    responseHeadersToRemove: [...cluster.responseHeaders.remove],
  });
}

const soleClusters = new Interned<readonly WeightedCluster[]>(64);

function soleCluster(cluster: string): readonly WeightedCluster[] {
  return soleClusters.of(cluster, () => [
    {
      cluster,
      weight: SOLE_WEIGHT,
      requestHeaders: noHeaderEdits,
      responseHeaders: noHeaderEdits,
    },
  ]);
}

function fromClusters(message: ForwardMessage): readonly WeightedCluster[] {
  const specifier = message.clusterSpecifier;
  if (specifier?.$case === "cluster") return soleCluster(specifier.value);
  if (specifier?.$case !== "weightedClusters") return [];
  return specifier.value.clusters.map((each) => ({
    cluster: each.name,
    weight: each.weight ?? 0,
    requestHeaders: fromHeadersToAdd(each.requestHeadersToAdd, each.requestHeadersToRemove),
    responseHeaders: fromHeadersToAdd(each.responseHeadersToAdd, each.responseHeadersToRemove),
  }));
}

/** Envoy takes an empty prefix rewrite for none. */
function isPrefixRemoval(rewrite: Rewrite | undefined): boolean {
  return rewrite?.path?.kind === "prefix" && rewrite.path.value === "";
}

type PathRewrite = NonNullable<Rewrite["path"]>;

/** Backslashes in a substitution are references to groups; in a literal path they are doubled. */
function toRegexRewrite(path: Exclude<PathRewrite, { kind: "prefix" }>): {
  pattern: ReturnType<typeof toRegex>;
  substitution: string;
} {
  return path.kind === "regex"
    ? { pattern: toRegex(path.pattern), substitution: path.substitution }
    : { pattern: toRegex("^.*$"), substitution: path.value.replaceAll("\\", "\\\\") };
}

function fromRewrite(message: ForwardMessage, extras: Fields): Rewrite | undefined {
  const host = message.hostRewriteSpecifier;
  const path = fromPathRewrite(message, extras);
  if (path === undefined && host?.$case !== "hostRewriteLiteral") return undefined;
  return {
    ...(path === undefined ? {} : { path }),
    ...(host?.$case === "hostRewriteLiteral" ? { authority: host.value } : {}),
  };
}

function fromPathRewrite(message: ForwardMessage, extras: Fields): PathRewrite | undefined {
  const { prefixRewrite, regexRewrite } = message;
  if (extras.removesPrefix === true) return { kind: "prefix", value: "" };
  if (prefixRewrite !== "") return { kind: "prefix", value: prefixRewrite };
  if (regexRewrite === undefined) return undefined;
  const { substitution, pattern } = regexRewrite;
  return extras.rewritesWholePath === true
    ? { kind: "path", value: substitution.replaceAll("\\\\", "\\") }
    : { kind: "regex", pattern: pattern?.regex ?? "", substitution };
}

function fromForward(message: ForwardMessage, extras: Fields): ForwardAction {
  const timeoutMs = fromDuration(message.timeout);
  const rewrite = fromRewrite(message, extras);
  return {
    kind: "forward",
    clusters: fromClusters(message),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(timeoutMs === 0 ? {} : { timeoutMs }),
    ...(message.retryPolicy === undefined
      ? {}
      : { retry: fromRetry(message.retryPolicy, extras.explicitRetry === true) }),
  };
}

function toRespond({ status, body }: RespondAction): DirectResponseMessage {
  return {
    status,
    body:
      body === ""
        ? undefined
        : { specifier: { $case: "inlineString", value: body }, watchedDirectory: undefined },
  };
}

function fromRespond({ status, body }: DirectResponseMessage): RespondAction {
  const specifier = body?.specifier;
  return {
    kind: "respond",
    status,
    body: specifier?.$case === "inlineString" ? specifier.value : "",
  };
}
