export type ShellBlock =
  | { readonly kind: "run"; readonly line: number; readonly script: string }
  | {
      readonly kind: "background";
      readonly line: number;
      readonly script: string;
      /** The block is ready when a line of its output holds this. */
      readonly until: string;
    };

/**
 * The shell blocks of a Markdown page, in order. A fence opened with `sh` is run to its end; with
 * `sh background until "TEXT"` it is started and left running. Other languages are not run. Throws for an `sh` fence
 * that says anything else, so that a slip of the pen cannot turn a check off.
 */
export function shellBlocks(markdown: string): readonly ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let open: { fence: string; info: string; line: number; script: string[] } | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(text);
    if (open === undefined) {
      if (fence)
        open = { fence: fence[1] ?? "", info: fence[2] ?? "", line: index + 1, script: [] };
    } else if (fence?.[1]?.startsWith(open.fence) && fence[2] === "") {
      const block = readBlock(open.info, open.line, open.script.join("\n"));
      if (block !== undefined) blocks.push(block);
      open = undefined;
    } else {
      open.script.push(text);
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line}: the fence is never closed`);
  return blocks;
}

function readBlock(info: string, line: number, script: string): ShellBlock | undefined {
  if (!/^(sh|bash|shell|console)\b/.test(info)) return undefined;
  if (info === "sh") return { kind: "run", line, script };
  const until = /^sh background until "([^"]+)"$/.exec(info)?.[1];
  if (until === undefined) throw new Error(`line ${line}: a shell block cannot be "${info}"`);
  return { kind: "background", line, script, until };
}
