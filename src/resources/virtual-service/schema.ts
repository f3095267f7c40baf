import Type, { type Static } from "typebox";
import {
  bool,
  choice,
  duration,
  integer,
  list,
  map,
  object,
  optional,
  portNumber,
  text,
} from "../schema/fields.ts";
import { stringMatchSchema } from "../schema/string-match.ts";
import { tcpRoute, tlsRoute } from "./connection-schema.ts";
import { destinationSchema } from "./destination.ts";

const noMirrors = "requests are not mirrored yet";

const headerOperations = (what: string) =>
  object(
    {
      set: optional(map(Type.String(), `Fields of the ${what} that get this value.`)),
      add: optional(map(Type.String(), `Fields that the ${what} gets in addition.`)),
      remove: optional(list(Type.String(), `Fields that the ${what} loses.`)),
    },
    `Changes to the head of the ${what}.`,
  );

const headers = object(
  {
    request: optional(headerOperations("request")),
    response: optional(headerOperations("response")),
  },
  "Changes to heads, made in the order remove, set, add.",
);

const matches = stringMatchSchema("How the value is compared; {} means that it must be there.");

const httpMatch = object(
  {
    name: optional(text("Name of the match, for logs.")),
    uri: optional(stringMatchSchema("Path, normalised, without the query.")),
    ignoreUriCase: optional(bool("exact and prefix of uri compare without regard to case.")),
    scheme: optional(stringMatchSchema("http or https.")),
    method: optional(stringMatchSchema("Method, such as GET.")),
    authority: optional(stringMatchSchema("Host that was asked for.")),
    headers: optional(map(matches, "Fields of the request, by name.")),
    withoutHeaders: optional(map(matches, "Fields that must be absent, or must not compare so.")),
    queryParams: optional(map(matches, "Parameters of the query, by name.")),
    port: optional(portNumber("Port that was called.")),
    sourceLabels: optional(map(Type.String(), "Labels of the calling workload.")),
    sourceNamespace: optional(text("Namespace of the calling workload.")),
  },
  "Conditions that must all hold.",
  {
    refused: {
      gateways: "gateways come in a later version; rules hold for sidecars",
      statPrefix: "metrics have Istio's standard labels only",
    },
  },
);

const httpDestination = object(
  {
    destination: destinationSchema("Where requests go."),
    weight: optional(integer("Share of the requests, relative to the others.", { minimum: 0 })),
    headers: optional(headers),
  },
  "One of the destinations that share the requests.",
);

const redirect = object(
  {
    uri: optional(text("Whole path of the new location.")),
    prefixRewrite: optional(text("Takes the place of the matched prefix.")),
    authority: optional(text("Host of the new location.")),
    port: optional(portNumber("Port of the new location.")),
    derivePort: optional(
      choice(
        ["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"],
        "Where the port of the new location comes from.",
      ),
    ),
    scheme: optional(choice(["http", "https"], "Scheme of the new location.")),
    redirectCode: optional(
      Type.Unsafe<301 | 302 | 303 | 307 | 308>({
        type: "integer",
        enum: [301, 302, 303, 307, 308],
        description: "Status of the answer; 301 unless written.",
      }),
    ),
  },
  "Answers with another location.",
);

const rewrite = object(
  {
    uri: optional(text("Takes the place of the matched prefix, or of the whole path.")),
    authority: optional(text("Host that the destination sees.")),
    uriRegexRewrite: optional(
      object(
        {
          match: text("RE2 pattern; every part of the path that it fits is replaced."),
          rewrite: text("What takes its place; \\1 is the first group."),
        },
        "Rewrites by pattern.",
      ),
    ),
  },
  "Changes path or host before the request goes on.",
);

const directResponse = object(
  {
    status: integer("Status of the answer.", { minimum: 200, maximum: 599 }),
    body: optional(
      object({ string: optional(text("The body.")) }, "Body of the answer.", {
        refused: { bytes: "write the body as string" },
      }),
    ),
  },
  "Answers with a fixed response.",
);

/** Also MeshConfig's default. */
export const retriesSchema = object(
  {
    attempts: integer("Tries after the first; 0 turns retries off.", { minimum: 0 }),
    perTryTimeout: optional(duration("Limit of each try; the route's timeout unless written.")),
    retryOn: optional(
      text("Conditions, comma separated: Envoy's words, or status codes such as 503."),
    ),
    retryIgnorePreviousHosts: optional(bool("Prefer hosts not yet tried; true unless written.")),
    backoff: optional(duration("Base of the pause between tries; 25ms unless written.")),
  },
  "When a failed request is tried again.",
  { refused: { retryRemoteLocalities: "endpoints have no localities yet" } },
);

const httpRoute = object(
  {
    name: optional(text("Name of the rule, for logs.")),
    match: optional(list(httpMatch, "Any of these must hold; none: every request.")),
    route: optional(list(httpDestination, "Destinations that share the requests.")),
    redirect: optional(redirect),
    directResponse: optional(directResponse),
    rewrite: optional(rewrite),
    timeout: optional(
      duration("Limit of the whole exchange, retries included; none unless written.", {
        zero: true,
      }),
    ),
    retries: optional(retriesSchema),
    headers: optional(headers),
  },
  "One rule. Exactly one of route, redirect and directResponse.",
  {
    refused: {
      fault: "faults are not injected yet",
      mirror: noMirrors,
      mirrors: noMirrors,
      mirrorPercent: noMirrors,
      mirrorPercentage: noMirrors,
      corsPolicy: "CORS is not answered yet",
      delegate: "rules are not delegated yet",
    },
  },
);

export const virtualServiceSpecSchema = object(
  {
    hosts: list(Type.String(), "Hosts that the rules hold for.", { minItems: 1 }),
    gateways: optional(
      list(
        Type.String(),
        "Where the rules hold: only mesh, which means sidecars and is the default.",
      ),
    ),
    exportTo: optional(
      list(
        Type.String(),
        "Namespaces that see the rules: . the own one, * all (default), or names.",
      ),
    ),
    http: optional(
      list(httpRoute, "Rules for requests; the first whose match holds is used.", { minItems: 1 }),
    ),
    tls: optional(
      list(
        tlsRoute,
        "Rules for TLS of the application's own; the first whose match holds is used.",
        {
          minItems: 1,
        },
      ),
    ),
    tcp: optional(
      list(
        tcpRoute,
        "Rules for connections that are not HTTP; the first whose match holds is used.",
        {
          minItems: 1,
        },
      ),
    ),
  },
  "Routing of requests and connections to some hosts; at least one of http, tls and tcp.",
);

export type VirtualServiceSpec = Static<typeof virtualServiceSpecSchema>;
export type HttpRouteSpec = NonNullable<VirtualServiceSpec["http"]>[number];
export type HttpMatchSpec = NonNullable<HttpRouteSpec["match"]>[number];
export type HeadersSpec = NonNullable<HttpRouteSpec["headers"]>;
export type RetriesSpec = Static<typeof retriesSchema>;
export type RedirectSpec = Static<typeof redirect>;
