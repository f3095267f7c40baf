import type { ConfigResource, ConfigType, Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import type { Timers } from "../stream/timers.ts";
import type { ConnectHttp2 } from "./http2-session.ts";

/** Everything that a proxy's configuration stream needs from its surroundings. */
export interface ConfigStreamOptions {
  /** Opens a verified connection to the control plane with the certificate of now. */
  readonly connect: ConnectHttp2;
  readonly workload: Workload;
  readonly nodeId: string;
  /** What the proxy runs already (its last good configuration): only what differs is sent. `emptySnapshot` at first. */
  readonly known: Snapshot;
  /**
   * Called with a decoded update that passed validation, one at a time. Swaps atomically, or leaves everything as it was.
   * A promise must not reject.
   */
  readonly apply: (update: ConfigUpdate) => Verdict | Promise<Verdict>;
  readonly onState: (state: ConfigStreamState) => void;
  /** A reason when the proxy's regular expression engine refuses `pattern`. */
  readonly checkRegex: (pattern: string) => string | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** [0, 1) */
  readonly random: () => number;
}

/** One response of the control plane: applied whole or not at all. */
export interface ConfigUpdate {
  readonly type: ConfigType;
  readonly upserted: readonly ConfigResource[];
  readonly removed: readonly string[];
  /** All that the proxy runs when this update is accepted. Maps of other types are the same objects as before. */
  readonly snapshot: Snapshot;
}

/** `rejected` goes to the control plane as a NACK with `reason`, which names the resource, the field and the cure. */
export type Verdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly reason: string };

export type ConfigStreamState =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  /** Everything that the control plane had at the time of the (re)connection has been applied. */
  | { readonly kind: "synced" }
  /** Retries by itself after `retryInMs`. `code` is a gRPC status name: `PERMISSION_DENIED`, `UNAVAILABLE` … */
  | {
      readonly kind: "disconnected";
      readonly code: string;
      readonly reason: string;
      readonly retryInMs: number;
    };

export interface ConfigStream extends Disposable {
  /** Opens a second stream with the new certificate and closes the first when the second is up. */
  reconnect(): void;
  /**
   * Tells the control plane that this proxy is going away for good. Resolves when others have been told no longer to call
   * it and have acknowledged that, or after `withinMs`.
   */
  leave(withinMs: number): Promise<void>;
}
