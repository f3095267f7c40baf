// What the commands ask the control plane beside the Kubernetes API, under `/weft/v1`, behind the same credential.
import { Hono } from "hono";
import { type Static, Type } from "typebox";
import { Check } from "typebox/value";
import type { Convergence } from "./liveness/convergence.ts";
import type { AppliedObject } from "./liveness/live-world.ts";
import type { ProxyView } from "./proxy-view.ts";
import type { GoldenRow } from "./signals/golden-signals.ts";
import type { MeshedWorkloads } from "./signals/meshed-workloads.ts";

export interface ControlFacts {
  readonly version: string;
  readonly trustDomain: string;
  readonly startedAt: string;
  readonly rootExpiresAt: string;
}

/** One row of `weft stat`. How many workloads of the service are in the mesh is known of services that are declared. */
export type StatRow = GoldenRow & Partial<MeshedWorkloads>;

/** What these routes show; made by `startControlPlane`. */
export interface ControlViews {
  facts(): ControlFacts;
  proxies(): readonly ProxyView[];
  /** Of the last `windowMs`, or of everything since the control plane started. */
  stat(windowMs: number | "total", byCaller: boolean): readonly StatRow[];
  wait(objects: readonly AppliedObject[], signal: AbortSignal): Promise<Convergence>;
}

const WaitRequest = Type.Object({
  objects: Type.Array(
    Type.Object({
      kind: Type.String(),
      namespace: Type.String(),
      name: Type.String(),
      uid: Type.String(),
      generation: Type.Integer({ minimum: 0 }),
    }),
    { maxItems: 10_000 },
  ),
  timeoutMs: Type.Integer({ minimum: 1, maximum: 600_000 }),
});

export function debugRoutes(views: ControlViews): Hono {
  const app = new Hono();
  app.get("/v1/info", (context) => context.json(views.facts()));
  app.get("/v1/proxies", (context) => context.json({ items: views.proxies() }));
  app.get("/v1/stat", (context) => {
    const window = context.req.query("window") ?? "10";
    const byCaller = context.req.query("by") === "caller";
    if (window === "total") return context.json({ items: views.stat("total", byCaller) });
    const seconds = Number(window);
    if (!(seconds >= 1 && seconds <= 120))
      return context.json({ message: "window: expected seconds, 1 to 120, or total" }, 400);
    return context.json({ items: views.stat(seconds * 1_000, byCaller) });
  });
  app.post("/v1/wait", async (context) => {
    const request = readWait(await context.req.text());
    if (!request) return context.json({ message: "expected {objects, timeoutMs}" }, 400);
    const deadline = AbortSignal.timeout(request.timeoutMs);
    const signal = AbortSignal.any([deadline, context.req.raw.signal]);
    return context.json(await views.wait(request.objects, signal));
  });
  return app;
}

function readWait(text: string): Static<typeof WaitRequest> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(WaitRequest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
