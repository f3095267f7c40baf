import type { ParentLink } from "../parent-link.ts";
import type { Answers, Question, WorkerMessage } from "./worker-message.ts";

type Kind = WorkerMessage["kind"];
type Of<K extends Kind> = Extract<WorkerMessage, { readonly kind: K }>;
type Handler<K extends Kind> = (message: Of<K>, from: number) => void;

/** A worker's way to the others: messages, and questions that are answered soon or not at all. */
export class WorkerLink {
  readonly #parent: Pick<ParentLink, "relay" | "onRelay">;
  readonly #handlers = new Map<Kind, (message: never, from: number) => void>();
  readonly #asked = new Map<number, (body: unknown) => void>();
  #nextId = 1;

  constructor(parent: Pick<ParentLink, "relay" | "onRelay">) {
    this.#parent = parent;
    this.on("answer", ({ id, body }) => this.#asked.get(id)?.(body));
    parent.onRelay(({ worker, body }) => {
      if (worker === undefined) return;
      const message = JSON.parse(body) as WorkerMessage;
      this.#handlers.get(message.kind)?.(message as never, worker);
    });
  }

  on<K extends Kind>(kind: K, handler: Handler<K>): void {
    this.#handlers.set(kind, handler as (message: never, from: number) => void);
  }

  /** `worker` undefined: to all others. */
  send(worker: number | undefined, message: WorkerMessage): void {
    this.#parent.relay(worker, JSON.stringify(message));
  }

  /** Undefined when no answer comes in time. */
  ask<Q extends Question>(
    worker: number,
    about: Q,
    withinMs: number,
  ): Promise<Answers[Q] | undefined> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const over = (body: unknown) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(body as Answers[Q] | undefined);
      };
      const timer = setTimeout(over, withinMs, undefined);
      this.#asked.set(id, over);
      this.send(worker, { kind: "question", id, about });
    });
  }

  answer<Q extends Question>(answers: { readonly [K in Q]: () => Answers[K] }): void {
    this.on("question", ({ id, about }, from) => {
      const body = answers[about as Q]?.();
      this.send(from, { kind: "answer", id, body });
    });
  }
}
