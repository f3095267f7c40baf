import { identityOf } from "../identity.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import type { TrafficSplitSpec } from "./schema.ts";
import type { TrafficSplit } from "./traffic-split.ts";
import { weightMillis } from "./weight.ts";

export function readTrafficSplit(resource: Resource): TrafficSplit {
  const object = identityOf(resource);
  const { service, backends } = resource.spec as TrafficSplitSpec;
  const millis = backends.map(({ weight }) => weightMillis(weight) ?? 0);
  const unit = millis.every((weight) => weight % 1000 === 0) ? 1000 : 1;
  return {
    object,
    service: completeHost(service, object.namespace),
    backends: backends.map((backend, i) => ({
      service: completeHost(backend.service, object.namespace),
      weight: (millis[i] ?? 0) / unit,
    })),
  };
}
