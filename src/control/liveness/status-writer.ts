// Writes into each object's status where it is live and what it names in vain. It looks again a moment after anything
// happened, never while it is writing, and writes only what differs; status writes change no world, so it feeds nothing back.

import type { KindClient } from "#apiserver/registry/kind-client.ts";
import type { Registry } from "#apiserver/registry/registry.ts";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { analyse } from "#resources/analysis/analyse.ts";
import { kindKey, type ResourceKind } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import { type NewCondition, readConditions, setCondition } from "#resources/status.ts";
import type { ObjectCache } from "../object-cache.ts";
import type { ProxySession } from "../sessions/proxy-sessions.ts";
import type { XdsPlane } from "../xds-plane.ts";
import { liveCondition, livenessOf, referencesCondition } from "./liveness.ts";
import { objectId } from "./origins-in.ts";
import { toldKinds } from "./told-kinds.ts";

export interface StatusWriterOptions {
  /** Kinds whose status is ours to write, and the client for each. */
  readonly kinds: readonly { readonly kind: ResourceKind; readonly client: KindClient }[];
  readonly sessions: () => readonly ProxySession[];
  /** The stored objects of a kind. */
  readonly objects: (kind: string) => Iterable<Resource>;
  /** What an object names in vain. */
  readonly warnings: (object: Resource) => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

const settleMs = 100;

const writer = {
  user: { name: "system:weft:status", groups: ["system:masters"] },
  fieldManager: "weft-status",
} as const;

export interface StatusParts {
  readonly registry: Registry;
  readonly plane: XdsPlane;
  readonly cache: ObjectCache;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A status writer for every kind that proxies run. */
export function openStatusWriter(parts: StatusParts): StatusWriter {
  const { registry, plane, cache, trustDomain, clock, log } = parts;
  return new StatusWriter({
    kinds: toldKinds.map((kind) => ({ kind, client: registry.client(kindKey(kind), writer) })),
    sessions: () => plane.sessions.all(),
    objects: (kind) => cache.list(kind),
    warnings: (object) => analyse(object, cache, { trustDomain }).warnings,
    clock,
    log,
  });
}

class StatusWriter implements AsyncDisposable {
  readonly #options: StatusWriterOptions;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Something happened that a status may tell of. */
  touch(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#pass());
    }, settleMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#writing;
  }

  async #pass(): Promise<void> {
    const { kinds, sessions, objects, warnings } = this.#options;
    const liveness = livenessOf(sessions());
    for (const { kind, client } of kinds) {
      for (const object of objects(kindKey(kind))) {
        if (this.#stopped) return;
        const { namespace = "", name, generation = 0 } = object.metadata;
        const conditions = [
          liveCondition(liveness.get(objectId(kind.kind, namespace, name)), generation),
          referencesCondition(warnings(object), generation),
        ];
        if (!says(object, conditions)) await this.#write(client, object, conditions);
      }
    }
  }

  async #write(
    client: KindClient,
    { metadata }: Resource,
    conditions: readonly NewCondition[],
  ): Promise<void> {
    const { namespace = "", name } = metadata;
    const now = new Date(this.#options.clock.wallMs()).toISOString().replace(/\.\d+Z$/, "Z");
    try {
      await client.modifyStatus(namespace, name, (status, live) => {
        if (live.metadata.generation !== metadata.generation) return status; // another pass knows better
        const before = readConditions(status);
        const after = conditions.reduce((list, each) => setCondition(list, each, now), before);
        return { ...(typeof status === "object" ? status : {}), conditions: after };
      });
    } catch (cause) {
      this.#options.log.debug({ name, namespace, cause: String(cause) }, "status was not written");
    }
  }
}

function says(object: Resource, conditions: readonly NewCondition[]): boolean {
  const written = readConditions(object.status);
  return conditions.every((wanted) =>
    written.some(
      (have) =>
        have.type === wanted.type &&
        have.status === wanted.status &&
        have.message === wanted.message &&
        have.observedGeneration === wanted.observedGeneration,
    ),
  );
}
