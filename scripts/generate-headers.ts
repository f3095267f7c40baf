import { headerTable } from "#proxy/header-table.ts";

/** The text of `docs/reference/headers.md`. */
export function headersPage(): string {
  const rows = headerTable.map(
    ({ name, message, side, does, why }) =>
      `| \`${name}\` | ${message} | ${side} | ${does} | ${why.replaceAll("|", "\\|")} |`,
  );
  return [
    "# Header fields that a proxy changes",
    "",
    "Generated from `src/proxy/header-table.ts` by `scripts/generate-headers.ts`; do not edit.",
    "",
    "All other fields pass with their case and order. As HTTP demands of every intermediary, hop-by-hop fields (`Connection` and",
    "what it names, `Keep-Alive`, `Proxy-Connection`, `TE`, `Transfer-Encoding`, `Upgrade` unless a protocol change is asked for) belong",
    "to each connection. Routes may edit further fields as their `headers` blocks say.",
    "",
    "| field | message | side | what is done | why |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.main) await Bun.write("docs/reference/headers.md", headersPage());
