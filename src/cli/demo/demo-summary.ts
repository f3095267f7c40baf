import type { GoldenRow } from "#control/signals/golden-signals.ts";

/** What the whole run added up to. */
export interface DemoSummary {
  readonly requests: number;
  readonly failures: number;
  readonly denied: number;
  /** Share of charges that went to payments v2, 0 to 1; absent before the first. */
  readonly canaryShare?: number;
  /** Services that answered with errors, most first, with the share that failed. */
  readonly failing: readonly { readonly service: string; readonly failedShare: number }[];
}

/** Adds rows of a whole run up. */
export function summarise(rows: readonly GoldenRow[]): DemoSummary {
  const served = (version: string) =>
    sum(
      rows.filter((row) => row.service === "payments" && row.version === version),
      ({ requests, denied }) => requests - denied,
    );
  const [v1, v2] = [served("v1"), served("v2")];
  return {
    requests: sum(rows, ({ requests }) => requests),
    failures: sum(rows, ({ failures }) => failures),
    denied: sum(rows, ({ denied }) => denied),
    ...(v1 + v2 === 0 ? {} : { canaryShare: v2 / (v1 + v2) }),
    failing: failingServices(rows),
  };
}

function failingServices(rows: readonly GoldenRow[]): DemoSummary["failing"] {
  return Object.entries(Object.groupBy(rows, ({ service }) => service))
    .map(([service, ofService = []]) => {
      const requests = sum(ofService, (row) => row.requests);
      return { service, failedShare: sum(ofService, ({ failures }) => failures) / requests };
    })
    .filter(({ failedShare }) => failedShare > 0)
    .sort((a, b) => b.failedShare - a.failedShare);
}

const sum = (rows: readonly GoldenRow[], value: (row: GoldenRow) => number): number =>
  rows.reduce((total, row) => total + value(row), 0);
