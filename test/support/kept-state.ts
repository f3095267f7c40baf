import { join } from "node:path";
import type { Snapshot } from "#config/snapshot.ts";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { readSpiffeId } from "#core/spiffe/spiffe-id.ts";
import { writeLastGood } from "#proxy/config/last-good.ts";
import { IdentityStore } from "#proxy/identity/identity-store.ts";
import { freshIssuer, idOf } from "./running-plane.ts";
import type { TempDir } from "./temp-dir.ts";

/** What a run of the proxy `web` leaves behind. */
export async function keptState(dir: TempDir, snapshot: Snapshot): Promise<void> {
  const issuer = freshIssuer();
  const id = readSpiffeId(idOf("web"));
  const store = new IdentityStore({
    id,
    trustDomain: "cluster.local",
    path: join(dir.path, "identity"),
    requestCertificate: async (csr) => issuer.issue(csr, id),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    onRenewed: () => undefined,
  });
  await store.enrol();
  writeLastGood(join(dir.path, "config"), snapshot);
}
