import type { Destination } from "#config/cluster.ts";
import type { InboundPort, Workload } from "#config/workload.ts";
import { contentOf } from "#resources/app-protocol.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import type { DeclaredPort, DeclaredService } from "../mesh/declared-service.ts";
import { labelKeys, selects } from "../mesh/labels.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { readWorkload } from "../mesh/read-object.ts";
import { portOf } from "../mesh/workload-endpoint.ts";

/**
 * The service port that callers mean who end up at a workload's port, for metrics: of the services that select the
 * workload the one of its own name, else the first. Undefined when none leads there.
 */
export function servedDestination(
  model: MeshModel,
  workload: Workload,
  { workloadPort, servicePort = workloadPort }: InboundPort,
): Destination | undefined {
  const { namespace, app } = workload;
  const entry = entryOf(model, workload);
  const selecting = selectingServices(model, workload);
  const named = selecting.filter(({ name }) => name === app);
  for (const { host, name, ports } of [...named, ...selecting]) {
    const leading = ports.filter((port) => leadsTo(port, workloadPort, entry));
    // The number that was registered when the service has it; a workload cannot tell which of several was called.
    const port = leading.find(({ number }) => number === servicePort) ?? leading[0];
    if (port !== undefined) return { host, service: name, namespace, port: port.number };
  }
  return undefined;
}

/**
 * What the application speaks on a port: what all service ports that lead to it say alike; where they differ, or none
 * leads there, the first bytes tell.
 */
export function servedContent(
  model: MeshModel,
  workload: Workload,
  { workloadPort }: InboundPort,
): "http" | "tcp" | "detect" {
  const entry = entryOf(model, workload);
  const contents = selectingServices(model, workload).flatMap(({ ports }) =>
    ports
      .filter((port) => leadsTo(port, workloadPort, entry))
      .map(({ protocol }) => contentOf(protocol)),
  );
  const [first, ...others] = new Set(contents);
  if (first === undefined || first === "detect" || others.length > 0) return "detect";
  return first === "http" ? "http" : "tcp";
}

function selectingServices(
  model: MeshModel,
  { namespace, labels }: Workload,
): readonly DeclaredService[] {
  const found = labelKeys(namespace, labels).flatMap((key) => model.selecting.get(key) ?? []);
  return found.filter(({ selector }) => selects(selector, labels));
}

function entryOf({ world }: MeshModel, { namespace, name }: Workload): WorkloadEntry | undefined {
  const object = world.objects("workloadentries.networking.istio.io").get(`${namespace}/${name}`);
  return object && readWorkload(object);
}

/** Before the workload's entry is written, what its ports are called is not known, so that every name may be it. */
function leadsTo(
  port: DeclaredPort,
  workloadPort: number,
  entry: WorkloadEntry | undefined,
): boolean {
  if (entry === undefined && typeof port.targetPort === "string") return true;
  return portOf(entry?.ports ?? {}, port) === workloadPort;
}
