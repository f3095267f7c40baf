import { formatTable, type TableColumn } from "#cli/output/table.ts";
import { machineLine } from "../report/machine.ts";
import { markdownTable } from "../report/markdown-table.ts";
import type { AttackFigures, AttacksResult } from "./run-attacks.ts";
import { FIGURES } from "./verdict.ts";

/** Ends with a line break. */
export function attacksText(result: AttacksResult): string {
  return `${conditions(result).join("\n")}\n${formatTable(columns, result.attacks)}${summary(result)}\n`;
}

/** The same for a page in Markdown. */
export function attacksMarkdown(result: AttacksResult): string {
  const list = conditions(result)
    .map((line) => `- ${line}\n`)
    .join("");
  return `${list}\n${markdownTable(columns, result.attacks)}\n${summary(result)}\n`;
}

function conditions({ machine, rate, seconds, attacks }: AttacksResult): readonly string[] {
  const { p99Factor, rssNoiseMb, costFactor } = FIGURES;
  return [
    machineLine(machine),
    `${attacks.length} attacks of ${seconds} s each, beside bystanders at ${rate} requests/s`,
    `holds: no bystander fails, p99 at most ${p99Factor} × the usual one (of all the quiet that there was until then), at most 1 MiB per attacking connection (and ${rssNoiseMb} MB of garbage), less than ${costFactor} × the attacker's CPU`,
  ];
}

function summary({ attacks }: AttacksResult): string {
  const held = attacks.filter(({ verdict }) => verdict.holds).length;
  const failed = attacks.reduce(
    (total, { during, after }) => total + during.failed + after.failed,
    0,
  );
  return `All figures hold in ${held} of ${attacks.length} attacks. Bystanders failed: ${failed}.`;
}

const ms = (us: number): string => (us / 1_000).toFixed(1);

function ratio({ proxyUs, attackerUs }: AttackFigures): string {
  return attackerUs === 0 ? "–" : (proxyUs / attackerUs).toFixed(2);
}

/** What most attempts heard. */
function heard({ outcome: { words, held, refused } }: AttackFigures): string {
  const said = Object.entries(words)
    .filter(([word]) => word !== "END")
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 2)
    .map(([word]) => word);
  if (said.length > 0) return said.join(", ");
  if ("END" in words) return "closed";
  return held > 0 || refused === 0 ? "held" : "refused";
}

const number = (
  title: string,
  cell: (row: AttackFigures) => string,
): TableColumn<AttackFigures> => ({
  title,
  align: "right",
  cell,
});

const columns: readonly TableColumn<AttackFigures>[] = [
  { title: "ATTACK", cell: ({ key }) => key },
  number("CONNECTIONS", ({ connections }) => `${connections}`),
  number("ATTEMPTS", ({ outcome }) => `${outcome.attempts}`),
  { title: "ANSWERED BY", cell: heard },
  number("FAILED", ({ during, after }) => `${during.failed + after.failed}`),
  number("P50 ms", ({ before, during, after }) =>
    [before, during, after].map(({ p50Us }) => ms(p50Us)).join(" / "),
  ),
  number("P99 ms", ({ usualP99Us, during, after }) =>
    [usualP99Us, during.p99Us, after.p99Us].map(ms).join(" / "),
  ),
  number("CPU s", ({ proxyUs }) => (proxyUs / 1e6).toFixed(2)),
  number("÷ ATTACKER'S", ratio),
  number("RSS MB", ({ rssMb }) =>
    [rssMb.before, rssMb.peak, rssMb.after].map((mb) => mb.toFixed(0)).join(" / "),
  ),
  { title: "VERDICT", cell: ({ verdict }) => verdict.words },
];
