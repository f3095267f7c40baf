import { type ForwardAction, noHeaderEdits, type Route } from "#config/route.ts";
import type { ForwardPlan } from "./compiled-route.ts";

const action: ForwardAction = {
  kind: "forward",
  clusters: [
    {
      cluster: "PassthroughCluster",
      weight: 1,
      requestHeaders: noHeaderEdits,
      responseHeaders: noHeaderEdits,
    },
  ],
};

const route: Route = {
  name: "allow_any",
  match: { path: { kind: "prefix", value: "/" }, headers: [], query: [] },
  action,
  requestHeaders: noHeaderEdits,
  responseHeaders: noHeaderEdits,
};

/** For hosts outside the mesh: forwarded as they are, under Istio's name for it. */
export const passthroughPlan: ForwardPlan = {
  kind: "forward",
  route,
  action,
  cluster: "PassthroughCluster",
  requestEdits: undefined,
  responseEdits: undefined,
  rewritePath: undefined,
  authority: undefined,
};
