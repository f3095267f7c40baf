import type { Log } from "#core/log.ts";
import { XdsError } from "#xds/xds-error.ts";
import type { IdentityStore } from "./identity-store.ts";

const ENROL_RETRY_MS = 500;
/** Refusals that a second attempt would only repeat. */
const FINAL: ReadonlySet<string> = new Set(["unauthenticated", "permission-denied", "invalid"]);

/** Asks until there is a certificate, or nobody wants one any more. Throws XdsError when the CA says that there will be none. */
export async function enrol(
  identity: IdentityStore,
  { log, isStopped }: { readonly log: Log; readonly isStopped: () => boolean },
): Promise<void> {
  while (!isStopped()) {
    try {
      await identity.enrol();
      return;
    } catch (cause) {
      const code = cause instanceof XdsError ? cause.code : undefined;
      if (code === undefined || FINAL.has(code)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      log.warn({ code, reason }, "no certificate yet; asking again");
      await Bun.sleep(ENROL_RETRY_MS);
    }
  }
}
