import type { Issue } from "#core/issue.ts";
import { compileRe2 } from "#core/regex/re2.ts";
import { RegexError } from "#core/regex/regex-error.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import {
  checkDistinct,
  checkExportTo,
  checkHost,
  checkPattern,
  checkVisible,
  issue,
} from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import { validateDestination, validateWeights } from "./destination.ts";
import { authorityOf, validateHeaders } from "./headers.ts";
import { validateRetries } from "./retries.ts";
import type { HttpRouteSpec, VirtualServiceSpec } from "./schema.ts";
import { validateTcpRoute, validateTlsRoute } from "./validate-connections.ts";
import { validateMatch } from "./validate-match.ts";
import { validateRedirect } from "./validate-redirect.ts";

/** Istio's gateways default to this word, which means every sidecar. */
const sidecars = "mesh";

export function validateVirtualService(object: Resource): readonly Issue[] {
  const spec = object.spec as VirtualServiceSpec;
  const { namespace = "default" } = object.metadata;
  return [
    ...spec.hosts.flatMap((host, i) => validateHost(host, fieldPath("spec.hosts", i))),
    ...checkDistinct(
      spec.hosts.map((host) => completeHost(host, namespace)),
      "spec.hosts",
    ),
    ...validateGateways(spec.gateways),
    ...checkExportTo(spec.exportTo, "spec.exportTo"),
    ...validateRules(spec, namespace),
  ];
}

function validateRules(
  { hosts, http = [], tls = [], tcp = [] }: VirtualServiceSpec,
  namespace: string,
): readonly Issue[] {
  if (http.length + tls.length + tcp.length === 0)
    return [issue("spec", "required", "required: rules, in at least one of http, tls and tcp")];
  return [
    ...http.flatMap((route, i) => validateRoute(route, fieldPath("spec.http", i))),
    ...tls.flatMap((route, i) =>
      validateTlsRoute(route, fieldPath("spec.tls", i), { hosts, namespace }),
    ),
    ...tcp.flatMap((route, i) => validateTcpRoute(route, fieldPath("spec.tcp", i))),
  ];
}

function validateHost(host: string, path: string): readonly Issue[] {
  if (host !== "*") return checkHost(host, path);
  return [
    issue(
      path,
      "invalid",
      "a rule for sidecars cannot claim every host; name them, or write *.suffix",
    ),
  ];
}

function validateGateways(gateways: readonly string[] = []): readonly Issue[] {
  return gateways.flatMap((gateway, i) =>
    gateway === sidecars
      ? []
      : [
          issue(
            fieldPath("spec.gateways", i),
            "unsupported-value",
            `gateways are not supported by this version of Weft; expected only "${sidecars}" (or leave gateways out)`,
          ),
        ],
  );
}

const actions = ["route", "redirect", "directResponse"] as const;

function validateRoute(route: HttpRouteSpec, path: string): readonly Issue[] {
  const written = actions.filter((action) => route[action] !== undefined);
  const issues: Issue[] = [];
  if (written.length !== 1)
    issues.push(
      issue(
        path,
        "invalid",
        `expected exactly one of ${actions.join(", ")}, got ${written.join(" and ") || "none"}`,
      ),
    );
  else if (written[0] !== "route")
    issues.push(...validateAnswerOnly(route, written[0] ?? "", path));
  return [
    ...issues,
    ...(route.match ?? []).flatMap((match, i) =>
      validateMatch(match, fieldPath(`${path}.match`, i)),
    ),
    ...validateDestinations(route, path),
    ...validateRedirect(route, path),
    ...validateRewrite(route, path),
    ...(route.retries ? validateRetries(route.retries, `${path}.retries`) : []),
    ...validateHeaders(route.headers, `${path}.headers`, { authority: route.route !== undefined }),
  ];
}

/** What only makes sense for requests that go on to a destination. */
function validateAnswerOnly(route: HttpRouteSpec, action: string, path: string): readonly Issue[] {
  const idle = (["rewrite", "timeout", "retries"] as const).filter(
    (field) => route[field] !== undefined,
  );
  return idle.map((field) =>
    issue(
      `${path}.${field}`,
      "invalid",
      `does nothing beside ${action}, which answers at once; remove it`,
    ),
  );
}

function validateDestinations({ route }: HttpRouteSpec, path: string): readonly Issue[] {
  if (route === undefined) return [];
  return [
    ...validateWeights(
      route.map(({ weight }) => weight),
      `${path}.route`,
    ),
    ...route.flatMap(({ destination, headers }, i) => {
      const at = fieldPath(`${path}.route`, i);
      return [
        ...validateDestination(destination, `${at}.destination`),
        ...validateHeaders(headers, `${at}.headers`, { authority: false }),
      ];
    }),
  ];
}

function validateRewrite(
  { rewrite, headers, match = [] }: HttpRouteSpec,
  path: string,
): readonly Issue[] {
  if (rewrite === undefined) return [];
  const { uri, authority, uriRegexRewrite } = rewrite;
  const at = `${path}.rewrite`;
  const issues: Issue[] = [];
  if (uri === undefined && authority === undefined && uriRegexRewrite === undefined)
    issues.push(
      issue(at, "invalid", "expected at least one of uri, authority and uriRegexRewrite"),
    );
  if (uri !== undefined && uriRegexRewrite !== undefined)
    issues.push(issue(at, "invalid", "expected only one of uri and uriRegexRewrite"));
  const prefixOnly = match.length > 0 && match.every((each) => each.uri?.prefix !== undefined);
  if (uri !== undefined && !prefixOnly && !uri.startsWith("/"))
    issues.push(
      issue(
        `${at}.uri`,
        "invalid",
        `"${uri}" takes the place of the whole path, so it must begin with /`,
      ),
    );
  if (authority !== undefined && authorityOf(headers) !== undefined)
    issues.push(
      issue(
        `${at}.authority`,
        "invalid",
        "headers.request.set names the host as well; write only one",
      ),
    );
  issues.push(...checkVisible(uri, `${at}.uri`), ...checkVisible(authority, `${at}.authority`));
  if (uriRegexRewrite)
    issues.push(...validateRegexRewrite(uriRegexRewrite, `${at}.uriRegexRewrite`));
  return issues;
}

function validateRegexRewrite(
  { match, rewrite }: { readonly match: string; readonly rewrite: string },
  path: string,
): readonly Issue[] {
  const wrong = checkPattern(match, `${path}.match`);
  if (wrong.length > 0) return wrong;
  try {
    compileRe2(match).replacer(rewrite);
    return [];
  } catch (error) {
    if (error instanceof RegexError) return [issue(`${path}.rewrite`, "invalid", error.message)];
    throw error;
  }
}
