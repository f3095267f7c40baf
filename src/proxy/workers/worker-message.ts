import type { ConfigResource, ConfigType } from "#config/snapshot.ts";
import type { WorkerFacts } from "../admin/worker-facts.ts";
import type { KeptIdentity } from "../identity/kept-identity.ts";

/** Everything that the first worker gives to another, as of update `seq`. */
export interface WorkerState {
  readonly seq: number;
  readonly identity: KeptIdentity;
  readonly resources: readonly ConfigResource[];
}

/** What may be asked of a worker; the answer is of the type on the right. */
export interface Answers {
  readonly state: WorkerState | undefined;
  readonly facts: WorkerFacts | undefined;
}
export type Question = keyof Answers;

/** One line between workers of one proxy. They run the same program, so what they say needs no other check. */
export type WorkerMessage =
  /** From the first worker when it has everything: come for it. */
  | { readonly kind: "leading" }
  /** To the first worker: where this one is (0: nowhere), asking for what it lacks. */
  | { readonly kind: "hello"; readonly seq: number }
  | { readonly kind: "state"; readonly state: WorkerState }
  | {
      readonly kind: "update";
      readonly seq: number;
      readonly type: ConfigType;
      readonly upserted: readonly ConfigResource[];
      readonly removed: readonly string[];
    }
  | { readonly kind: "identity"; readonly identity: KeptIdentity }
  /** To the first worker: an update or a state is in force; with a refusal, nothing of it is. */
  | { readonly kind: "applied"; readonly seq: number; readonly refusal?: string }
  | { readonly kind: "question"; readonly id: number; readonly about: Question }
  | { readonly kind: "answer"; readonly id: number; readonly body: unknown }
  /** A place under a limit of this cluster is wanted, or has become free. */
  | { readonly kind: "stir"; readonly cluster: string }
  /** Begin the access log anew. */
  | { readonly kind: "reopen-logs" };
