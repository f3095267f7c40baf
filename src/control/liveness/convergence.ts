import type { ProxySession } from "../sessions/proxy-sessions.ts";

/** Who is affected by what was applied, and who has it. */
export interface Convergence {
  /** Connected proxies whose configuration the change touched. */
  readonly affected: number;
  readonly acknowledged: number;
  readonly rejections: readonly Rejection[];
  /** Every affected proxy has acknowledged. */
  readonly done: boolean;
}

export interface Rejection {
  /** `namespace/name` of the workload. */
  readonly proxy: string;
  readonly reason: string;
}

const worldsRemembered = 1_000;

/** Remembers, for recent world numbers, which sessions each one changed. */
export class ChangeLog {
  readonly #changed = new Map<number, ReadonlySet<number>>();

  /** Call after every recompilation, with the sessions as they are then. */
  note(number: number, sessions: readonly ProxySession[]): void {
    const ids = sessions.filter((session) => session.changedAt === number).map(({ id }) => id);
    this.#changed.set(number, new Set(ids));
    if (this.#changed.size <= worldsRemembered) return;
    const oldest = this.#changed.keys().next().value;
    if (oldest !== undefined) this.#changed.delete(oldest);
  }

  /** Where the worlds of these numbers have got to. Sessions that have ended no longer count. */
  convergence(numbers: readonly number[], sessions: readonly ProxySession[]): Convergence {
    const touched = new Map<number, number>(); // session → newest number that changed it
    for (const number of numbers)
      for (const id of this.#changed.get(number) ?? [])
        touched.set(id, Math.max(number, touched.get(id) ?? 0));
    const rejections: Rejection[] = [];
    let affected = 0;
    let acknowledged = 0;
    for (const session of sessions) {
      const number = touched.get(session.id);
      if (number === undefined) continue;
      affected += 1;
      if (session.syncedThrough >= number) acknowledged += 1;
      else if (session.nacked !== undefined) rejections.push(rejectionOf(session, session.nacked));
    }
    return { affected, acknowledged, rejections, done: acknowledged === affected };
  }
}

const rejectionOf = ({ workload }: ProxySession, reason: string): Rejection => ({
  proxy: `${workload.namespace}/${workload.name}`,
  reason,
});
