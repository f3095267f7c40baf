import { type Context, Hono } from "hono";
import type { User } from "../admission/admission.ts";
import type { Discovery } from "../discovery/discovery.ts";
import { ApiError } from "../errors/api-error.ts";
import { pageNotFound } from "../http/answer.ts";
import { rescue } from "../http/rescue.ts";
import type { OpenApi } from "../openapi/open-api.ts";
import { checkOrigin } from "../security/origin.ts";
import type { Authenticate } from "../security/tokens.ts";
import { answerResource } from "./answer-resource.ts";
import { answerDiscovery } from "./discovery-routes.ts";
import { answerOpenApi } from "./openapi-routes.ts";
import type { RestDependencies } from "./resource-request.ts";
import { answerVersion } from "./version.ts";

export interface AppOptions extends RestDependencies {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly authenticate: Authenticate;
  /** Names, beside loopback's, that the server may be called by. */
  readonly names: ReadonlySet<string>;
  readonly extraRoutes?: Hono;
}

interface Env {
  readonly Variables: { user: User };
}

/** All routes of the API, as a function from request to response. */
export function makeApp(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    checkOrigin(context.req.raw, options.names);
    await next();
  });
  for (const path of ["/healthz", "/livez", "/readyz"])
    for (const suffix of ["", "/*"]) app.get(path + suffix, (context) => context.text("ok"));
  app.get("/version", answerVersion);
  app.use(async (context, next) => {
    const user = options.authenticate(context.req.header("authorization") ?? null);
    if (!user) throw new ApiError("Unauthorized", "Unauthorized");
    context.set("user", user);
    await next();
  });
  app.get(
    "/openapi/*",
    (context) => answerOpenApi(options.openApi, context.req.raw) ?? pageNotFound(),
  );
  for (const root of ["/api", "/apis"])
    for (const suffix of ["", "/*"])
      app.all(root + suffix, (context) => answerApi(context, options));
  if (options.extraRoutes) app.route("/weft", options.extraRoutes);
  app.get("/", (context) =>
    context.json({
      paths: [
        "/api",
        "/apis",
        "/healthz",
        "/livez",
        "/openapi/v2",
        "/openapi/v3",
        "/readyz",
        "/version",
      ],
    }),
  );
  app.notFound(pageNotFound);
  app.onError((error) => rescue(error, options.log));
  return app;
}

async function answerApi(context: Context<Env>, options: AppOptions): Promise<Response> {
  const request = context.req.raw;
  const described = request.method === "GET" && answerDiscovery(options.discovery, request);
  return described || answerResource(request, context.get("user"), options);
}
