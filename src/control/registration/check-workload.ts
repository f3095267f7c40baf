import type { Workload } from "#config/workload.ts";
import type { Resource } from "#resources/resource.ts";
import { serviceKind } from "#resources/service/kind.ts";
import { validateObject } from "#resources/validate.ts";
import { workloadEntryKind } from "#resources/workload-entry/kind.ts";
import { isManaged, workloadEntry, workloadService } from "./workload-objects.ts";

/**
 * Why a proxy may not stand for this workload; undefined: it may. Its namespace and account are proven, its name and labels
 * are its own words. `held`: the WorkloadEntry that has its name now.
 */
export function workloadProblem(
  workload: Workload,
  held: Resource | undefined,
): WorkloadProblem | undefined {
  const malformed = malformedPart(workload);
  if (malformed !== undefined) return { code: "invalid-argument", reason: malformed };
  if (held === undefined) return undefined;
  const { serviceAccount = "" } = held.spec as { readonly serviceAccount?: string };
  if (isManaged(held)) return nameProblem(workload, serviceAccount);
  const reason = `the WorkloadEntry ${nameOf(workload)} is not one that a proxy made`;
  return { code: "permission-denied", reason };
}

/** A name belongs to the account that has it now. */
export function nameProblem(workload: Workload, holder: string): WorkloadProblem | undefined {
  if (holder === workload.serviceAccount) return undefined;
  const reason = `the workload ${nameOf(workload)} is one of another service account, ${holder}`;
  return { code: "permission-denied", reason };
}

const nameOf = ({ namespace, name }: Workload): string => `${namespace}/${name}`;

export interface WorkloadProblem {
  readonly code: "invalid-argument" | "permission-denied";
  readonly reason: string;
}

/** What the API would refuse about the objects that it would become. */
function malformedPart(workload: Workload): string | undefined {
  const service = workloadService(workload);
  const [issue] = [
    ...validateObject(workloadEntryKind, workloadEntry(workload)),
    ...(service ? validateObject(serviceKind, service) : []),
  ];
  return issue && `the node's metadata makes no workload: ${issue.path}: ${issue.message}`;
}
