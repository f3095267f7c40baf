import type { Workload } from "#config/workload.ts";
import type { SpiffeId } from "#core/spiffe/spiffe-id.ts";
import type { WorkloadLabels } from "./telemetry/series.ts";

/** The workload in the words of Istio's metrics. */
export function selfLabels(
  { name, namespace, app, labels }: Workload,
  id: SpiffeId,
): WorkloadLabels {
  return {
    workload: name,
    namespace,
    principal: id,
    app: labels.app ?? app,
    version: labels.version ?? "unknown",
    canonicalService:
      labels["service.istio.io/canonical-name"] ??
      labels["app.kubernetes.io/name"] ??
      labels.app ??
      app,
    canonicalRevision:
      labels["service.istio.io/canonical-revision"] ??
      labels["app.kubernetes.io/version"] ??
      labels.version ??
      "latest",
  };
}
