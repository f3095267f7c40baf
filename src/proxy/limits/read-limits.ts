import {
  type LimitFacts,
  type LimitName,
  type LimitUnit,
  limitFacts,
  limitNames,
} from "./limit-table.ts";

/** What a limit was set to, or why it cannot be. */
export type ReadLimit =
  | { readonly kind: "value"; readonly name: LimitName; readonly value: number }
  | { readonly kind: "wrong"; readonly reason: string; readonly hint: string };

/** `NAME=VALUE`, with the value in the words of its unit. */
export function readLimit(text: string): ReadLimit {
  const at = text.indexOf("=");
  const written = at === -1 ? text : text.slice(0, at);
  const name = limitNames.find((known) => known === written);
  if (name === undefined)
    return {
      kind: "wrong",
      reason: `"${written}" is no limit`,
      hint: `one of ${limitNames.join(", ")}`,
    };
  const facts = limitFacts(name);
  const value = at === -1 ? undefined : amountOf(text.slice(at + 1), facts.unit);
  const { least = 1, most = Number.MAX_SAFE_INTEGER } = facts;
  if (value !== undefined && value >= least && value <= most) return { kind: "value", name, value };
  return {
    kind: "wrong",
    reason: `${text}: expected ${rangeOf(facts)}`,
    hint: `default: ${limitText(facts.default, facts)}`,
  };
}

const FACTORS: Readonly<Record<LimitUnit, Readonly<Record<string, number>>>> = {
  bytes: { "": 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 },
  ms: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  count: { "": 1 },
  percent: { "": 1, "%": 1 },
};

function amountOf(text: string, unit: LimitUnit): number | undefined {
  if (text === "0") return 0;
  const [, digits = "", word = ""] = /^(\d{1,12})([A-Za-z%]*)$/.exec(text) ?? [];
  const factor = FACTORS[unit][word];
  return digits === "" || factor === undefined ? undefined : Number(digits) * factor;
}

const EXAMPLES: Readonly<Record<LimitUnit, string>> = {
  bytes: "bytes such as 4096, 60Ki or 64Mi",
  ms: "a time such as 500ms, 10s, 5m or 1h",
  count: "a whole number",
  percent: "percent such as 95",
};

function rangeOf(facts: LimitFacts): string {
  const { unit, least = 1, most } = facts;
  const upTo = most === undefined ? "" : ` up to ${limitText(most, facts)}`;
  const from = least === 0 ? ", or 0 for none" : `, at least ${limitText(least, facts)}`;
  return EXAMPLES[unit] + from + upTo;
}

/** In the words that `readLimit` reads. */
export function limitText(value: number, { unit }: Pick<LimitFacts, "unit">): string {
  if (value === 0) return "none";
  const factors = Object.entries(FACTORS[unit]).toReversed();
  const [word = "", factor = 1] = factors.find(([, each]) => value % each === 0) ?? [];
  return `${value / factor}${word}`;
}
