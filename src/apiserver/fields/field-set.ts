import { describeElement, type PathElement, readPathElement } from "./path-element.ts";

export type Path = readonly PathElement[];

/** A set of paths as a tree. A node may be a member, have members below it, or both. Sets are values: nothing here changes one. */
export class FieldSet {
  static readonly empty = new FieldSet(new Set(), new Map());

  readonly #members: ReadonlySet<PathElement>;
  readonly #children: ReadonlyMap<PathElement, FieldSet>;

  private constructor(
    members: ReadonlySet<PathElement>,
    children: ReadonlyMap<PathElement, FieldSet>,
  ) {
    this.#members = members;
    this.#children = children;
  }

  static of(paths: Iterable<Path>): FieldSet {
    const members = new Set<PathElement>();
    const below = new Map<PathElement, Path[]>();
    for (const [head, ...rest] of paths) {
      if (head === undefined) continue; // nobody owns the whole object
      if (rest.length === 0) members.add(head);
      else below.set(head, [...(below.get(head) ?? []), rest]);
    }
    const children = [...below].map(([head, rest]) => [head, FieldSet.of(rest)] as const);
    return new FieldSet(members, new Map(children));
  }

  get isEmpty(): boolean {
    return this.#members.size === 0 && this.#children.size === 0;
  }

  hasMember(element: PathElement): boolean {
    return this.#members.has(element);
  }

  has(path: Path): boolean {
    const [head, ...rest] = path;
    if (head === undefined) return false;
    return rest.length === 0 ? this.#members.has(head) : this.below(head).has(rest);
  }

  below(element: PathElement): FieldSet {
    return this.#children.get(element) ?? FieldSet.empty;
  }

  union(other: FieldSet): FieldSet {
    const elements = new Set([...this.#children.keys(), ...other.#children.keys()]);
    return build(this.#members.union(other.#members), elements, (element) =>
      this.below(element).union(other.below(element)),
    );
  }

  intersection(other: FieldSet): FieldSet {
    return build(this.#members.intersection(other.#members), this.#children.keys(), (element) =>
      this.below(element).intersection(other.below(element)),
    );
  }

  difference(other: FieldSet): FieldSet {
    return build(this.#members.difference(other.#members), this.#children.keys(), (element) =>
      this.below(element).difference(other.below(element)),
    );
  }

  /** Keeps what is below the given first elements, and these elements themselves. */
  only(elements: ReadonlySet<PathElement>): FieldSet {
    const kept = [...this.#children.keys()].filter((element) => elements.has(element));
    return build(this.#members.intersection(elements), kept, (element) => this.below(element));
  }

  /** The same with every element a member that has members below it and that `include` accepts. */
  withMembers(include: (element: PathElement, at: Path) => boolean, at: Path = []): FieldSet {
    const added = [...this.#children.keys()].filter((element) => include(element, at));
    return build(this.#members.union(new Set(added)), this.#children.keys(), (element) =>
      this.below(element).withMembers(include, [...at, element]),
    );
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).isEmpty && other.difference(this).isEmpty;
  }

  *paths(prefix: Path = []): Generator<Path> {
    for (const element of [...this.#members].sort()) yield [...prefix, element];
    for (const element of [...this.#children.keys()].sort())
      yield* this.below(element).paths([...prefix, element]);
  }

  /** FieldsV1, with `.` for a node that is a member and has members below. */
  toFieldsV1(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    const elements = new Set([...this.#members, ...this.#children.keys()]);
    for (const element of [...elements].sort()) {
      const below = this.below(element);
      if (below.isEmpty) out[element] = {};
      else if (this.#members.has(element)) out[element] = { ".": {}, ...below.toFieldsV1() };
      else out[element] = below.toFieldsV1();
    }
    return out;
  }

  /** Undefined when it is not FieldsV1. */
  static readFieldsV1(value: unknown, depth = 0): FieldSet | undefined {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    if (depth > MAX_DEPTH) return undefined;
    const members = new Set<PathElement>();
    const children = new Map<PathElement, FieldSet>();
    for (const [text, child] of Object.entries(value)) {
      if (text === ".") continue;
      const element = readPathElement(text);
      const below = FieldSet.readFieldsV1(child, depth + 1);
      if (element === undefined || below === undefined) return undefined;
      if (below.isEmpty || Object.hasOwn(child as object, ".")) members.add(element);
      if (!below.isEmpty) children.set(element, below);
    }
    return new FieldSet(members, children);
  }

  /** @internal */
  static make(members: ReadonlySet<PathElement>, children: ReadonlyMap<PathElement, FieldSet>) {
    return new FieldSet(members, children);
  }
}

const MAX_DEPTH = 100;

function build(
  members: ReadonlySet<PathElement>,
  elements: Iterable<PathElement>,
  child: (element: PathElement) => FieldSet,
): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const element of elements) {
    const below = child(element);
    if (!below.isEmpty) children.set(element, below);
  }
  return FieldSet.make(members, children);
}

export function describePath(path: Path): string {
  return path.map(describeElement).join("");
}
