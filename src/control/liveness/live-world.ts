import type { ObjectChange } from "../follow-store.ts";

/** What the control plane has seen of one object, for those who wait for it. */
interface Seen {
  readonly uid: string;
  readonly generation: number;
  /** The world that took this generation in. */
  readonly number: number;
}

export interface AppliedObject {
  /** `<plural>.<group>` */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

/**
 * The world of now, numbered. Numbers are local to this process: they say which configuration came from which change,
 * nothing more.
 */
export class LiveWorld<World> {
  #world: World;
  #number = 1;
  readonly #seen = new Map<string, Seen>();
  readonly #apply: (world: World, changes: readonly ObjectChange[]) => World;

  constructor(world: World, apply: (world: World, changes: readonly ObjectChange[]) => World) {
    this.#world = world;
    this.#apply = apply;
  }

  get world(): World {
    return this.#world;
  }

  get number(): number {
    return this.#number;
  }

  /** Takes changes in; true when anything that the compiler reads is different now. */
  take(changes: readonly ObjectChange[]): boolean {
    const next = this.#apply(this.#world, changes);
    const changed = next !== this.#world;
    if (changed) {
      this.#world = next;
      this.#number += 1;
    }
    for (const change of changes) this.#note(change);
    return changed;
  }

  /** The world number that holds this generation of the object (or a later one), when there is one yet. */
  numberOf({ kind, namespace, name, uid, generation }: AppliedObject): number | undefined {
    const seen = this.#seen.get(`${kind} ${namespace}/${name}`);
    return seen?.uid === uid && seen.generation >= generation ? seen.number : undefined;
  }

  #note({ kind, key, object }: ObjectChange): void {
    const id = `${kind} ${key}`;
    if (!object) {
      this.#seen.delete(id);
      return;
    }
    const { uid = "", generation = 0 } = object.metadata;
    const before = this.#seen.get(id);
    if (before?.uid === uid && before.generation >= generation) return; // a status write is no news
    this.#seen.set(id, { uid, generation, number: this.#number });
  }
}
