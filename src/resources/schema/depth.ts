/** No object of any kind nests as deep; what reads objects by recursion relies on it. */
export const maxDepth = 100;

/** Whether a value nests deeper than `maxDepth`. Without recursion, so that no input overflows the stack. */
export function isTooDeep(value: unknown): boolean {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (typeof top.value !== "object" || top.value === null) continue;
    if (top.depth >= maxDepth) return true;
    for (const child of Object.values(top.value))
      stack.push({ value: child, depth: top.depth + 1 });
  }
  return false;
}
