import { badRequest } from "../errors/api-error.ts";
import { labelKeyProblem, labelValueProblem } from "../validation/check-meta.ts";

type Labels = Readonly<Record<string, string>>;
export type LabelSelector = (labels: Labels | undefined) => boolean;

/**
 * Reads `a=1,b!=2,c in (x,y),d notin (z),e,!f,g>1`, equality and sets mixed, all of which must hold.
 * Throws ApiError BadRequest.
 */
export function readLabelSelector(text: string): LabelSelector {
  if (text.trim() === "") return () => true;
  const tokens = tokenize(text);
  const requirements: LabelSelector[] = [];
  for (;;) {
    requirements.push(readRequirement(tokens));
    const next = tokens.shift();
    if (next === undefined) break;
    if (next !== ",") throw unparsable(`found '${next}', expected: ',' or 'end of string'`);
  }
  return (labels) => requirements.every((holds) => holds(labels));
}

const TOKEN = /\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)\s*/gy;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    tokens.push(match[1] ?? "");
    end = match.index + match[0].length;
  }
  if (end !== text.length) throw unparsable(`unexpected text '${text.slice(end)}'`);
  return tokens;
}

function readRequirement(tokens: string[]): LabelSelector {
  if (tokens[0] === "!") {
    tokens.shift();
    const key = readKey(tokens);
    return (labels) => labels?.[key] === undefined;
  }
  const key = readKey(tokens);
  const operator = tokens[0];
  if (operator === undefined || operator === ",") return (labels) => labels?.[key] !== undefined;
  tokens.shift();
  return readComparison(key, operator, tokens);
}

function readComparison(key: string, operator: string, tokens: string[]): LabelSelector {
  switch (operator) {
    case "=":
    case "==": {
      const value = readValue(tokens);
      return (labels) => labels?.[key] === value;
    }
    case "!=": {
      const value = readValue(tokens);
      return (labels) => labels?.[key] !== value;
    }
    case "in":
    case "notin": {
      const values = readValues(tokens);
      const wanted = operator === "in";
      return (labels) => {
        const value = labels?.[key];
        return value === undefined ? !wanted : values.has(value) === wanted;
      };
    }
    case "<":
    case ">": {
      const bound = readNumber(tokens);
      return (labels) => isBeyond(labels?.[key], operator, bound);
    }
    default:
      throw unparsable(
        `found '${operator}', expected: in, notin, =, ==, !=, >, <, ',' or 'end of string'`,
      );
  }
}

function isBeyond(value: string | undefined, operator: "<" | ">", bound: number): boolean {
  if (value === undefined || !/^-?\d+$/.test(value)) return false;
  return operator === "<" ? Number(value) < bound : Number(value) > bound;
}

function readKey(tokens: string[]): string {
  const key = tokens.shift() ?? "";
  const problem = labelKeyProblem(key);
  if (problem) throw unparsable(`<nil>: Invalid value: "${key}": ${problem}`);
  return key;
}

/** An absent value is the empty one, as in `a=` or `a=,b=1`. */
function readValue(tokens: string[]): string {
  const next = tokens[0];
  if (next === undefined || next === "," || next === ")") return "";
  tokens.shift();
  const problem = labelValueProblem(next);
  if (problem) throw unparsable(`<nil>: Invalid value: "${next}": ${problem}`);
  return next;
}

function readNumber(tokens: string[]): number {
  const text = tokens.shift() ?? "";
  if (!/^-?\d+$/.test(text))
    throw unparsable(`for 'Gt', 'Lt' operators, the value must be an integer`);
  return Number(text);
}

function readValues(tokens: string[]): ReadonlySet<string> {
  const opening = tokens.shift();
  if (opening !== "(") throw unparsable(`found '${opening ?? ""}' expected: '('`);
  const values = new Set([readValue(tokens)]);
  for (;;) {
    const next = tokens.shift();
    if (next === ")") return values;
    if (next !== ",") throw unparsable(`found '${next ?? ""}', expected: ',' or ')'`);
    values.add(readValue(tokens));
  }
}

function unparsable(why: string) {
  return badRequest(`unable to parse requirement: ${why}`);
}
