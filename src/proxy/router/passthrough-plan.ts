import type { ForwardPlan } from "./compiled-route.ts";

/** For hosts outside the mesh: forwarded as they are, under Istio's names for it. */
export const passthroughPlan: ForwardPlan = {
  kind: "forward",
  routeName: "allow_any",
  cluster: "PassthroughCluster",
  timeoutMs: undefined,
  retry: undefined,
  requestEdits: undefined,
  responseEdits: undefined,
  rewritePath: undefined,
  authority: undefined,
};
