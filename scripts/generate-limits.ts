import { limitFacts, limitNames } from "#proxy/limits/limit-table.ts";
import { limitText } from "#proxy/limits/read-limits.ts";

/** The text of `docs/reference/limits.md`. */
export function limitsPage(): string {
  const rows = limitNames.map((name) => {
    const facts = limitFacts(name);
    return `| \`${name}\` | ${limitText(facts.default, facts)} | ${facts.summary} | ${facts.past} |`;
  });
  const divided = limitNames.filter((name) => limitFacts(name).isDivided);
  return [
    "# Limits of the data path",
    "",
    "Generated from `src/proxy/limits/limit-table.ts` by `scripts/generate-limits.ts`; do not edit.",
    "",
    "Each can be set for one proxy: `weft run --limit request-head-time=5s --limit connections=200 …`. Bytes are written as 4096,",
    "60Ki or 64Mi, times as 500ms, 10s, 5m or 1h; 0 stands for none where that is a default or makes sense.",
    "",
    "| limit | default | what is limited | past it |",
    "|---|--:|---|---|",
    ...rows,
    "",
    `The workers of one proxy (\`--concurrency\`) share ${divided.map((name) => `\`${name}\``).join(", ")}.`,
    "",
    "Memory is looked at four times a second. While it is short, what can be given back is given back, so that the proxy takes",
    "everything on again by itself; `weft_memory_bytes` and `weft_connections_refused_total` at `/stats/prometheus` show it, and the",
    "proxy's log says when it begins and ends.",
    "",
    "Limits that belong to a destination, such as connections, pending requests and retries, are a DestinationRule's; how long",
    "what is in flight may take at the end is `weft run --drain`.",
    "",
  ].join("\n");
}

if (import.meta.main) await Bun.write("docs/reference/limits.md", limitsPage());
