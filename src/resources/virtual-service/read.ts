import { readExportTo } from "../export-to.ts";
import { identityOf } from "../identity.ts";
import type { NamedMatch } from "../matching.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import { optionalDurationMs } from "../schema/duration.ts";
import {
  readPresenceMatch,
  readStringMatch,
  type StringMatchSpec,
} from "../schema/string-match.ts";
import { readTcpRoute, readTlsRoute } from "./connection-route.ts";
import { readDestination, readWeight } from "./destination.ts";
import { authorityOf, readHeaders } from "./headers.ts";
import { readRetries } from "./retries.ts";
import type { HttpMatchSpec, HttpRouteSpec, RedirectSpec, VirtualServiceSpec } from "./schema.ts";
import type {
  HttpAction,
  HttpDestination,
  HttpForward,
  HttpMatch,
  HttpRedirect,
  HttpRewrite,
  HttpRoute,
  VirtualService,
} from "./virtual-service.ts";

export function readVirtualService(resource: Resource): VirtualService {
  const object = identityOf(resource);
  const spec = resource.spec as VirtualServiceSpec;
  return {
    object,
    hosts: spec.hosts.map((host) => completeHost(host, object.namespace)),
    exportTo: readExportTo(spec.exportTo, object.namespace),
    http: (spec.http ?? []).map((route) => readRoute(route, object.namespace)),
    tls: (spec.tls ?? []).map((route) => readTlsRoute(route, object.namespace)),
    tcp: (spec.tcp ?? []).map((route) => readTcpRoute(route, object.namespace)),
  };
}

function readRoute(spec: HttpRouteSpec, namespace: string): HttpRoute {
  return {
    ...(spec.name === undefined ? {} : { name: spec.name }),
    match: (spec.match ?? []).map(readMatch),
    action: readAction(spec, namespace),
    headers: readHeaders(spec.headers),
  };
}

function readMatch(spec: HttpMatchSpec): HttpMatch {
  const { name, uri, scheme, method, authority, port, sourceNamespace } = spec;
  return {
    ...(name === undefined ? {} : { name }),
    ...(uri === undefined ? {} : { uri: readStringMatch(uri) }),
    ...(scheme === undefined ? {} : { scheme: readStringMatch(scheme) }),
    ...(method === undefined ? {} : { method: readStringMatch(method) }),
    ...(authority === undefined ? {} : { authority: readStringMatch(authority) }),
    ...(port === undefined ? {} : { port }),
    ...(sourceNamespace === undefined ? {} : { sourceNamespace }),
    ignoreUriCase: spec.ignoreUriCase ?? false,
    headers: readNamed(spec.headers, (header) => header.toLowerCase()),
    withoutHeaders: readNamed(spec.withoutHeaders, (header) => header.toLowerCase()),
    queryParams: readNamed(spec.queryParams, (parameter) => parameter),
    sourceLabels: spec.sourceLabels ?? {},
  };
}

function readNamed(
  matches: Readonly<Record<string, StringMatchSpec>> | undefined,
  nameOf: (written: string) => string,
): readonly NamedMatch[] {
  return Object.entries(matches ?? {}).map(([name, match]) => ({
    name: nameOf(name),
    match: readPresenceMatch(match),
  }));
}

function readAction(spec: HttpRouteSpec, namespace: string): HttpAction {
  if (spec.redirect) return readRedirect(spec.redirect);
  if (spec.directResponse) {
    const { status, body } = spec.directResponse;
    return { kind: "respond", status, body: body?.string ?? "" };
  }
  return readForward(spec, namespace);
}

function readForward(spec: HttpRouteSpec, namespace: string): HttpForward {
  const timeoutMs = optionalDurationMs(spec.timeout);
  const rewrite = readRewrite(spec);
  return {
    kind: "forward",
    destinations: readDestinations(spec, namespace),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(spec.retries === undefined ? {} : { retries: readRetries(spec.retries) }),
  };
}

function readDestinations(spec: HttpRouteSpec, namespace: string): readonly HttpDestination[] {
  const route = spec.route ?? [];
  return route.map(({ destination, weight, headers }) => ({
    ...readDestination(destination, namespace),
    weight: readWeight(weight, route.length),
    headers: readHeaders(headers),
  }));
}

function readRewrite({ rewrite, headers }: HttpRouteSpec): HttpRewrite | undefined {
  const authority = rewrite?.authority ?? authorityOf(headers);
  const { uri, uriRegexRewrite } = rewrite ?? {};
  if (authority === undefined && uri === undefined && uriRegexRewrite === undefined)
    return undefined;
  return {
    ...(uri === undefined ? {} : { uri }),
    ...(uriRegexRewrite === undefined
      ? {}
      : { uriRegex: { pattern: uriRegexRewrite.match, substitution: uriRegexRewrite.rewrite } }),
    ...(authority === undefined ? {} : { authority }),
  };
}

const derivedPorts = {
  FROM_PROTOCOL_DEFAULT: "from-protocol",
  FROM_REQUEST_PORT: "from-request",
} as const;

function readRedirect(spec: RedirectSpec): HttpRedirect {
  const port = spec.port ?? (spec.derivePort && derivedPorts[spec.derivePort]);
  const path = readRedirectPath(spec);
  return {
    kind: "redirect",
    ...(path === undefined ? {} : { path }),
    ...(spec.authority === undefined ? {} : { authority: spec.authority }),
    ...(port === undefined ? {} : { port }),
    ...(spec.scheme === undefined ? {} : { scheme: spec.scheme }),
    status: spec.redirectCode ?? 301,
  };
}

function readRedirectPath({ uri, prefixRewrite }: RedirectSpec): HttpRedirect["path"] {
  if (uri !== undefined) return { kind: "path", value: uri };
  return prefixRewrite === undefined ? undefined : { kind: "prefix", value: prefixRewrite };
}
