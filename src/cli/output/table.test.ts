import { expect, test } from "bun:test";
import { formatStat } from "./stat-table.ts";
import { formatTable } from "./table.ts";

test("columns line up, numbers at their right edge", () => {
  const columns = [
    { title: "NAME", cell: (row: { name: string }) => row.name },
    { title: "N", align: "right" as const, cell: (row: { name: string }) => `${row.name.length}` },
  ];
  const rows = [{ name: "a" }, { name: "twelve-chars" }];
  expect(formatTable(columns, rows)).toBe(
    "NAME            N\na               1\ntwelve-chars   12\n",
  );
});

test("requests that policy refused do not lower the success rate", () => {
  const row = {
    namespace: "shop",
    service: "payments",
    version: "v1",
    source: "",
    requests: 10,
    failures: 0,
    denied: 5,
    requestsPerSecond: 1,
    tcpConnections: 3,
    meshed: 1,
    workloads: 2,
    p50Ms: 2.4,
    p95Ms: 40.6,
    p99Ms: 80,
  };
  const text = formatStat([row], { withNamespace: false, withSource: false });
  expect(text.split("\n")[1]?.split(/ +/)).toEqual([
    "payments",
    "v1",
    "1/2",
    "100.00%",
    "1.0rps",
    "2.4ms",
    "41ms",
    "80ms",
    "3",
    "5",
  ]);
});
