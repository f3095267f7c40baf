import type { ConfigResource, ConfigType, Snapshot } from "#config/snapshot.ts";
import { decode } from "../messages/codec.ts";
import {
  decodeDeltaResponse,
  encodeDeltaRequest,
  encodeDeltaResponse,
} from "../messages/discovery.ts";
import { type CheckRegex, validateUpdate } from "../stream/validate-update.ts";

/** What changes in a mesh that runs: weights, and where instances are. */
const types: readonly ConfigType[] = ["virtual-host", "endpoints"];

/**
 * Reads and checks a part of what runs as if it came again, and returns what it has read. Changes nothing: a proxy that has dropped the code of its
 * start would otherwise compile all that reads an update, some 8 ms, when the first one comes; and where many proxies share a
 * machine, all of them at once.
 */
export function rehearseUpdate(
  snapshot: Snapshot,
  checkRegex: CheckRegex,
): readonly ConfigResource[] {
  return types.flatMap((type) => {
    const [resource] = snapshot[type].values();
    if (resource === undefined) return [];
    const bytes = encodeDeltaResponse(type, "", [resource], []);
    const { typeUrl, nonce, resources } = decodeDeltaResponse(bytes);
    const upserted = resources.map((each) => decode(type, each.name, each.version, each.bytes));
    validateUpdate({ type, upserted, removed: [], snapshot }, checkRegex);
    encodeDeltaRequest({
      typeUrl,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      nonce,
    });
    return upserted;
  });
}
