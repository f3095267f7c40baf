import type { Log } from "#core/log.ts";
import type { Store } from "#store/store.ts";
import type { AdmissionPlugin } from "../admission/admission.ts";
import type { KindTable } from "../kinds/kind-table.ts";
import type { Stamps } from "./stamp.ts";

/** What every operation of the registry works with. */
export interface Core extends Stamps {
  readonly store: Store;
  readonly table: KindTable;
  readonly admission: readonly AdmissionPlugin[];
  readonly log: Log;
}
