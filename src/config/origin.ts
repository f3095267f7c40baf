/** The user's object (and rule) that a piece of configuration comes from, so that any decision can be explained in their words. */
export interface Origin {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `metadata.generation` of the object that was compiled. */
  readonly generation: number;
  /** Field path of the rule inside the object: `spec.http[0].route[1]`. Absent: the whole object. */
  readonly rule?: string;
}

/** `VirtualService shop/payments spec.http[0]` */
export function describeOrigin(origin: Origin): string {
  const object = `${origin.kind} ${origin.namespace === "" ? "" : `${origin.namespace}/`}${origin.name}`;
  return origin.rule === undefined ? object : `${object} ${origin.rule}`;
}
