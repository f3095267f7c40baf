import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import { changedNames } from "#xds/stream/changed-names.ts";
import { clustersOf } from "#xds/stream/references.ts";

type Host = ConfigResource<"virtual-host">;

/**
 * Keeps the routes of a host as they were while new ones lead to a cluster that does not exist: files of one folder arrive
 * one by one and in any order, and the subset that a route names is often in the next one. What still dangles after the
 * grace period is what the user wants, and is sent.
 */
export class RouteHold {
  /** Name of the host → when its new routes were first held back. */
  readonly #since = new Map<string, number>();

  /**
   * The configuration to run now, and when to look again if anything is held back. Looks only at hosts that have changed,
   * which proxies with the same routes find out together.
   */
  apply(running: Snapshot, next: Snapshot, nowMs: number): Held {
    const [before, after] = [running["virtual-host"], next["virtual-host"]];
    if (before === after) return { snapshot: next };
    const kept: (readonly [string, Host])[] = [];
    let lookAgainMs = Number.POSITIVE_INFINITY;
    for (const name of new Set([...changedNames(before, after), ...this.#since.keys()])) {
      const old = before.get(name);
      const since = this.#heldSince(name, old, after.get(name), next, nowMs);
      if (since === undefined || old === undefined) continue;
      kept.push([name, old]);
      lookAgainMs = Math.min(lookAgainMs, since + graceMs);
    }
    if (kept.length === 0) return { snapshot: next };
    return { snapshot: { ...next, "virtual-host": new Map([...after, ...kept]) }, lookAgainMs };
  }

  #heldSince(
    name: string,
    old: Host | undefined,
    host: Host | undefined,
    next: Snapshot,
    nowMs: number,
  ): number | undefined {
    const isChanged = old !== undefined && host !== undefined && old !== host;
    if (!isChanged || !isWhole(old, next) || isWhole(host, next)) {
      this.#since.delete(name);
      return undefined;
    }
    const since = this.#since.get(name) ?? nowMs;
    this.#since.set(name, since);
    return nowMs - since < graceMs ? since : undefined;
  }
}

export interface Held {
  readonly snapshot: Snapshot;
  /** Monotonic milliseconds; absent when nothing is held back. */
  readonly lookAgainMs?: number;
}

/** Long enough for the files of a folder, short enough that a typing mistake shows at once. */
const graceMs = 2_000;

const isWhole = (host: Host, { cluster }: Snapshot): boolean =>
  clustersOf(host).every((name) => cluster.has(name));
