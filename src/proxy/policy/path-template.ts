import { compileRe2 } from "#core/regex/re2.ts";

/** `{*}` stands for one segment that is not empty, `{**}` for anything, slashes included; all else is literal. */
export function compilePathTemplate(template: string): (path: string) => boolean {
  const source = template
    .split(/(\{\*{1,2}\})/)
    .map((part) => {
      if (part === "{*}") return "[^/]+";
      return part === "{**}" ? ".*" : part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    })
    .join("");
  const pattern = compileRe2(`(?s)${source}`);
  return (path) => pattern.test(path);
}
