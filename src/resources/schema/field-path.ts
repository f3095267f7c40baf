const plain = /^[A-Za-z_$][A-Za-z0-9_]*$/;

/** `spec.http` + `0` → `spec.http[0]`; `metadata.labels` + `app.kubernetes.io/name` → `metadata.labels[app.kubernetes.io/name]`. */
export function fieldPath(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  if (!plain.test(key)) return `${parent}[${key}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** From a JSON pointer into `value`: numbers are list positions only where the value is a list. */
export function pathOfPointer(pointer: string, value: unknown): string {
  let path = "";
  let at = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path = fieldPath(path, Array.isArray(at) ? Number(key) : key);
    at = isObject(at) || Array.isArray(at) ? (at as Record<string, unknown>)[key] : undefined;
  }
  return path;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
