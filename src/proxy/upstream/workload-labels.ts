import type { WorkloadRef } from "#config/endpoint.ts";
import { unknownWorkload, type WorkloadLabels } from "../telemetry/series.ts";

/** The workload behind an endpoint in the words of Istio's metrics, where what nobody said is "unknown". */
export function workloadLabels(
  workload: WorkloadRef | undefined,
  principal: string | undefined,
): WorkloadLabels {
  if (workload === undefined)
    return principal === undefined ? unknownWorkload : { ...unknownWorkload, principal };
  return {
    workload: workload.name,
    namespace: workload.namespace,
    principal: principal ?? "unknown",
    app: workload.app || "unknown",
    version: workload.version || "unknown",
    canonicalService: workload.canonicalName,
    canonicalRevision: workload.canonicalRevision,
  };
}
