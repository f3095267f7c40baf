// What a long output says of its failures, so that they can be told again at its end.
const MAX_LINES = 40;
const MAX_FAILURES = 8;

/**
 * The lines that belong to each failed test of `bun test`, the name last; of another program its last lines.
 * Where there are many failures the later ones are named only.
 */
export function failuresOf(text) {
  const failures = [];
  let file = "";
  let lines = [];
  for (const line of text.split("\n")) {
    if (/^\S+\.test\.(ts|mjs):$/.test(line)) {
      file = line;
      lines = [];
    } else if (line.startsWith("(fail) ")) {
      const before = failures.length < MAX_FAILURES ? lastOf(lines) : [];
      failures.push([file, ...before, line].join("\n"));
      lines = [];
    } else if (line.startsWith("(pass) ")) lines = [];
    else lines.push(line);
  }
  return failures.length > 0 ? failures : [lastOf(text.trimEnd().split("\n")).join("\n")];
}

function lastOf(lines) {
  const wanted = lines.filter((line) => line.trim() !== "");
  return wanted.length <= MAX_LINES ? wanted : ["…", ...wanted.slice(-MAX_LINES)];
}
