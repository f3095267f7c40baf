import type { ConfigType, Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import type { PeerIdentity } from "./peer-identity.ts";

/** Where the server gets each proxy's configuration from: the control plane behind one function. */
export interface ConfigSource {
  /** Called once per stream, after the first request, with a caller whose claims agree with its certificate. */
  open(proxy: ConnectingProxy): ConfigFeed | Refused;
}

export interface ConnectingProxy {
  readonly nodeId: string;
  /** From the verified client certificate; absent only on a server that accepts callers without one. */
  readonly identity: PeerIdentity | undefined;
  /** From node metadata; its namespace and account equal the certificate's. Absent: the node says nothing that we know. */
  readonly workload: Workload | undefined;
  /** Remote address and port of the connection. */
  readonly address: string;
}

/** The stream ends with this reason in words, as a gRPC status of the same name. */
export interface Refused {
  readonly kind: "refused";
  readonly code: "permission-denied" | "invalid-argument" | "unavailable" | "resource-exhausted";
  readonly reason: string;
}

/** One proxy's configuration for as long as its stream lives; disposed by the server when the stream ends. */
export interface ConfigFeed extends Disposable {
  /** The newest configuration. Older ones that were never sent are skipped. */
  snapshot(): Snapshot;
  /** At most one callback; called when `snapshot()` has a new value, from any turn of the event loop. */
  onChange(callback: () => void): void;
  /**
   * The proxy ends this stream in good order: it goes away, or has another stream. Disposal follows at once. Resolves when
   * nobody is told to call it any more, or soon: until then its stream is kept open, so that it goes on serving.
   */
  leaving(): Promise<void>;
  /** Must not throw. Called in the order in which things happened on this stream. */
  report(event: SyncEvent): void;
}

/** What happened between this proxy and the server. `snapshot` is the very object that `snapshot()` returned. */
export type SyncEvent =
  | {
      readonly kind: "sent";
      readonly type: ConfigType;
      readonly nonce: string;
      readonly snapshot: Snapshot;
      /** Name to version of what was sent. */
      readonly versions: ReadonlyMap<string, string>;
      readonly removed: readonly string[];
    }
  | {
      readonly kind: "acked";
      readonly type: ConfigType;
      readonly nonce: string;
      readonly snapshot: Snapshot;
    }
  /** The proxy keeps what it had. `resource` is withheld until its content changes; absent while the one at fault is being found. */
  | {
      readonly kind: "nacked";
      readonly type: ConfigType;
      readonly nonce: string;
      readonly snapshot: Snapshot;
      readonly resource?: string;
      readonly reason: string;
    }
  /**
   * The proxy has acknowledged all that it asks for of `snapshot` (also when nothing of it had to be sent). Reported
   * once per snapshot that got this far; not while any resource is withheld. `apply --wait` counts these.
   */
  | { readonly kind: "synced"; readonly snapshot: Snapshot };
