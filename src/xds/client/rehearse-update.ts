import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import { decode } from "../messages/codec.ts";
import {
  decodeDeltaResponse,
  encodeDeltaRequest,
  encodeDeltaResponse,
} from "../messages/discovery.ts";
import { type CheckRegex, validateUpdate } from "../stream/validate-update.ts";

/** Of a list: thousands would hold up what is served meanwhile for seconds. */
const FEW = 4;

/**
 * Reads and checks a small part of what runs as if it came again, and returns what it has read: of what changes in a mesh
 * that runs, weights, and where instances are. Changes nothing: a proxy that has dropped the code of its start would otherwise
 * compile all that reads an update, some 8 ms, when the first one comes; and where many proxies share a machine, all of them
 * at once.
 */
export function rehearseUpdate(
  snapshot: Snapshot,
  checkRegex: CheckRegex,
): readonly ConfigResource[] {
  return samplesOf(snapshot).flatMap((resource) => {
    const { type } = resource;
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

function samplesOf(snapshot: Snapshot): readonly ConfigResource[] {
  const [host] = snapshot["virtual-host"].values();
  const [endpoints] = snapshot.endpoints.values();
  return [
    ...(host === undefined ? [] : [fewRoutesOf(host)]),
    ...(endpoints === undefined ? [] : [fewOf(endpoints)]),
  ];
}

function fewRoutesOf(resource: ConfigResource<"virtual-host">): ConfigResource<"virtual-host"> {
  const { value } = resource;
  if (value.routes.length <= FEW) return resource;
  // Origins go by the places of routes, of which most are left out.
  return { ...resource, value: { ...value, routes: value.routes.slice(0, FEW), origins: {} } };
}

function fewOf(resource: ConfigResource<"endpoints">): ConfigResource<"endpoints"> {
  const { value } = resource;
  if (value.endpoints.length <= FEW) return resource;
  return { ...resource, value: { ...value, endpoints: value.endpoints.slice(0, FEW) } };
}
