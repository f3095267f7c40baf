import type { ConfigType } from "#config/snapshot.ts";
import { isOf } from "./references.ts";
import type { Pending, TypeState } from "./type-state.ts";

/**
 * Endpoints that a client lacks although it has them: a cluster that has changed is a new one to an Envoy, which uses it
 * only when endpoints come after it, and does not ask for them again ("resource warming" in the xDS protocol). Until then
 * it acknowledges no cluster.
 */
export class EndpointRepeats {
  readonly #names = new Set<string>();

  /** A response of this type is on its way. */
  sent(type: ConfigType, { upserts, removed }: Pick<Pending, "upserts" | "removed">): void {
    if (type === "endpoints") {
      for (const { name } of upserts) this.#names.delete(name);
      for (const name of removed) this.#names.delete(name);
    }
    for (const resource of upserts)
      if (isOf(resource, "cluster") && resource.value.discovery.kind === "eds")
        this.#names.add(resource.value.discovery.name);
  }

  /** Again and again, since an acknowledgement may be of endpoints that were sent before the cluster. */
  applyTo(endpoints: TypeState | undefined): void {
    for (const name of this.#names) endpoints?.lose(name);
  }
}
