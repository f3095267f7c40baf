import type { Destination, UpstreamProtocol } from "#config/cluster.ts";
import type { InboundPort, Workload } from "#config/workload.ts";
import { type AppProtocol, contentOf } from "#resources/app-protocol.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import type { DeclaredPort, DeclaredService } from "../mesh/declared-service.ts";
import { labelKeys, selects } from "../mesh/labels.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { readWorkload } from "../mesh/read-object.ts";
import { portOf } from "../mesh/workload-endpoint.ts";
import { sameJson } from "../same-json.ts";

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

/** What the application speaks on a port. */
export interface Served {
  /** As long as it is not known, the first bytes tell. */
  readonly content: "http" | "tcp" | "detect";
  /** In what requests go to it; absent: HTTP/1.1. */
  readonly protocol?: UpstreamProtocol;
}

/**
 * What all service ports that lead to a workload's port say alike of it. Where they differ, or none leads there, whoever
 * calls knows: requests go on in the version in which they come.
 */
export function servedProtocol(
  model: MeshModel,
  workload: Workload,
  { workloadPort }: InboundPort,
): Served {
  const entry = entryOf(model, workload);
  const declared = selectingServices(model, workload).flatMap(({ ports }) =>
    ports
      .filter((port) => leadsTo(port, workloadPort, entry))
      .map(({ protocol }) => servedAs(protocol)),
  );
  const [first, ...others] = declared;
  if (first === undefined) return undeclared;
  if (others.every((other) => sameJson(other, first))) return first;
  const isHttp = declared.every(({ content }) => content === "http");
  return isHttp ? { content: "http", protocol: "client" } : undeclared;
}

const undeclared: Served = { content: "detect", protocol: "client" };

function servedAs(protocol: AppProtocol): Served {
  const content = contentOf(protocol);
  if (content === "detect") return undeclared;
  if (content !== "http") return { content: "tcp" };
  return protocol === "http" ? { content } : { content, protocol: "http2" };
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
