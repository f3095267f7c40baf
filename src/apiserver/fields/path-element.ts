// Path elements of FieldsV1: `f:name` (a field), `k:{"name":"a"}` (an item by its keys), `v:"x"` (an item of a set),
// `i:0` (a position). They are handled in this written form, made canonical, so that equal elements are equal texts.

export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

export function keyElement(keys: Readonly<Record<string, unknown>>): PathElement {
  return `k:${canonical(keys)}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${canonical(value)}`;
}

/** Reads one that somebody else wrote; undefined when it is none. */
export function readPathElement(text: string): PathElement | undefined {
  const content = text.slice(2);
  switch (text.slice(0, 2)) {
    case "f:":
      return text;
    case "i:":
      return /^\d+$/.test(content) ? text : undefined;
    case "k:":
    case "v:":
      try {
        return text.slice(0, 2) + canonical(JSON.parse(content));
      } catch {
        return undefined; // not JSON, so not an element: the caller refuses it and names it
      }
    default:
      return undefined;
  }
}

/** The field's name, where the element is one. */
export function fieldOf(element: PathElement): string | undefined {
  return element.startsWith("f:") ? element.slice(2) : undefined;
}

/** As messages show it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
export function describeElement(element: PathElement): string {
  const content = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return `.${content}`;
    case "k:": {
      const keys: Record<string, unknown> = JSON.parse(content);
      const parts = Object.entries(keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      return `[${parts.join(",")}]`;
    }
    case "v:":
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}

function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]));
}
