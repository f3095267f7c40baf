import type { TrafficSplit } from "#resources/traffic-split/traffic-split.ts";
import type { VirtualService } from "#resources/virtual-service/virtual-service.ts";
import type { MeshService } from "../mesh/mesh-service.ts";

/** What decides the routes of a host, best first; without a service only a rule can name it. */
export interface HostRules {
  readonly host: string;
  readonly service: MeshService | undefined;
  readonly rule: VirtualService | undefined;
  readonly split: TrafficSplit | undefined;
  /** IP addresses that name the host too. */
  readonly addresses: readonly string[];
}
