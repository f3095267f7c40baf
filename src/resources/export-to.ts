/** Which namespaces see a rule. `.` is resolved to the rule's own namespace; `~` is nobody. */
export type ExportTo =
  | { readonly kind: "all" }
  | { readonly kind: "namespaces"; readonly names: readonly string[] };

/** Nothing written means every namespace. */
export function readExportTo(written: readonly string[] | undefined, namespace: string): ExportTo {
  if (written === undefined || written.length === 0 || written.includes("*"))
    return { kind: "all" };

  const names = written.filter((name) => name !== "~");
  return { kind: "namespaces", names: names.map((name) => (name === "." ? namespace : name)) };
}

export function isExportedTo(exportTo: ExportTo, namespace: string): boolean {
  return exportTo.kind === "all" || exportTo.names.includes(namespace);
}

/** Whether some namespace sees both. */
export function exportsOverlap(a: ExportTo, b: ExportTo): boolean {
  if (a.kind === "all") return b.kind === "all" || b.names.length > 0;
  if (b.kind === "all") return a.names.length > 0;
  return a.names.some((name) => b.names.includes(name));
}
