import type { Log } from "#core/log.ts";
import type { ConfigUpdate } from "#xds/client/config-stream-options.ts";
import type { KeptIdentity } from "../identity/kept-identity.ts";
import type { WorkerLink } from "./worker-link.ts";
import type { Answers, Question, WorkerState } from "./worker-message.ts";

export interface FollowersOptions {
  readonly link: WorkerLink;
  /** What a worker needs that has nothing yet; undefined while there is nothing to give. */
  readonly state: () => Omit<WorkerState, "seq"> | undefined;
  /** The worker does not answer: its parent should end it. */
  readonly onStuck: (worker: number) => void;
  /** Of the first update that this process hands on: larger than those of any process that led before it. */
  readonly firstSeq: number;
  readonly log: Log;
}

/** How long a worker may take for an update before it counts as dead. */
const PATIENCE_MS = 10_000;
const ANSWER_MS = 500;

/**
 * The first worker's side: the others get what it has, change by change, and say that they run it.
 *
 *   it starts ──adopt: what runs already──► begin ──► hand, handIdentity ──► …
 *                                             ▲
 *               hello of a worker that starts ┘ gets the whole state
 */
export class Followers {
  readonly #options: FollowersOptions;
  /** Up to which update each of them has confirmed. */
  readonly #confirmed = new Map<number, number>();
  readonly #refusals = new Map<number, string>();
  /** Who said hello, and with what, before there was anything to give. */
  readonly #early = new Map<number, number>();
  #seq: number;
  #hasBegun = false;
  #progress = Promise.withResolvers<void>();

  constructor(options: FollowersOptions) {
    this.#options = options;
    this.#seq = options.firstSeq;
    const { link } = options;
    link.on("hello", ({ seq }, from) => this.#greet(from, seq));
    link.on("applied", ({ seq, refusal }, from) => this.#note(from, seq, refusal));
  }

  /** Looks among workers that run already for the newest state, after the death of the one that led before. */
  async adopt(peers: readonly number[]): Promise<WorkerState | undefined> {
    let newest: WorkerState | undefined;
    for (const [worker, state] of await this.#ask(peers, "state")) {
      this.#early.set(worker, state.seq);
      if (newest === undefined || state.seq > newest.seq) newest = state;
    }
    if (newest !== undefined) this.#seq = newest.seq;
    return newest;
  }

  /** From now on there is something to give. */
  begin(): void {
    this.#hasBegun = true;
    const early = [...this.#early];
    this.#early.clear();
    for (const [worker, seq] of early) this.#greet(worker, seq);
    this.#options.link.send(undefined, { kind: "leading" });
  }

  /** Resolves when all run it: undefined, or why one of them does not. */
  async hand({ type, upserted, removed }: ConfigUpdate): Promise<string | undefined> {
    const seq = ++this.#seq;
    const to = this.#all;
    for (const worker of to)
      this.#options.link.send(worker, { kind: "update", seq, type, upserted, removed });
    await this.#confirmedBy(to, seq);
    for (const worker of to) {
      const refusal = this.#refusals.get(worker);
      if (refusal !== undefined) return `worker ${worker + 1}: ${refusal}`;
    }
    return undefined;
  }

  /** What is in force here replaces whatever they have. */
  reset(): void {
    this.#seq++;
    this.#refusals.clear();
    for (const worker of this.#all) this.#sendState(worker);
  }

  handIdentity(identity: KeptIdentity): void {
    for (const worker of this.#all) this.#options.link.send(worker, { kind: "identity", identity });
  }

  /** What those say who answer soon. */
  ask<Q extends Question>(about: Q): Promise<ReadonlyMap<number, NonNullable<Answers[Q]>>> {
    return this.#ask(this.#all, about);
  }

  gone(worker: number): void {
    this.#early.delete(worker);
    this.#refusals.delete(worker);
    this.#confirmed.delete(worker);
    this.#wake();
  }

  get #all(): readonly number[] {
    return [...this.#confirmed.keys()];
  }

  async #ask<Q extends Question>(workers: readonly number[], about: Q) {
    const found = new Map<number, NonNullable<Answers[Q]>>();
    const one = async (worker: number) => {
      const body = await this.#options.link.ask(worker, about, ANSWER_MS);
      if (body !== undefined && body !== null) found.set(worker, body);
    };
    await Promise.all(workers.map(one));
    return found;
  }

  /** One that already runs what we have only has to be listened to. */
  #greet(worker: number, seq: number): void {
    if (!this.#hasBegun) this.#early.set(worker, seq);
    else if (seq === this.#seq) this.#confirmed.set(worker, seq);
    else {
      this.#confirmed.set(worker, 0);
      this.#sendState(worker);
    }
  }

  #sendState(worker: number): void {
    const state = this.#options.state();
    if (state === undefined) return;
    this.#options.link.send(worker, { kind: "state", state: { ...state, seq: this.#seq } });
  }

  #note(worker: number, seq: number, refusal: string | undefined): void {
    if (!this.#confirmed.has(worker)) return;
    this.#confirmed.set(worker, seq);
    if (refusal === undefined) this.#refusals.delete(worker);
    else this.#refusals.set(worker, refusal);
    this.#wake();
  }

  #wake(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers<void>();
  }

  /** Of those that are still there. */
  async #confirmedBy(workers: readonly number[], seq: number): Promise<void> {
    const isBehind = (worker: number) => (this.#confirmed.get(worker) ?? seq) < seq;
    const tooLate = Promise.withResolvers<"too late">();
    const timer = setTimeout(() => tooLate.resolve("too late"), PATIENCE_MS);
    while (workers.some(isBehind)) {
      if ((await Promise.race([this.#progress.promise, tooLate.promise])) !== "too late") continue;
      for (const worker of workers.filter(isBehind)) this.#giveUp(worker);
      break;
    }
    clearTimeout(timer);
  }

  #giveUp(worker: number): void {
    this.#options.log.error({ worker }, "a worker does not answer; it is started again");
    this.gone(worker);
    this.#options.onStuck(worker);
  }
}
