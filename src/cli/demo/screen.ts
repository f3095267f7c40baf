// What the demo prints: the live table, and the commands to try next.
import type { GoldenRow } from "#control/signals/golden-signals.ts";
import { formatStat } from "../output/stat-table.ts";
import type { DemoSummary } from "./demo-summary.ts";

export interface NextSteps {
  /** How the user types `weft` here. */
  readonly weft: string;
  readonly dataDir: string;
  readonly shopDir: string;
  readonly controlPlanePid: number;
  /** A backend to kill. */
  readonly backendPid: number | undefined;
}

export function nextSteps({
  weft,
  dataDir,
  shopDir,
  controlPlanePid,
  backendPid,
}: NextSteps): string {
  const at = `--data-dir ${dataDir}`;
  const steps: (readonly [string, string])[] = [
    ["look closer", `${weft} stat --from --watch ${at}`],
    ["see every proxy", `${weft} proxies ${at}`],
    ["half to the canary", `${weft} apply --wait ${at} -f ${shopDir}canary-50.yaml`],
    ["break the policy", `${weft} apply --wait ${at} -f ${shopDir}break-policy.yaml`],
    ["put it right", `${weft} apply --wait ${at} -f ${shopDir}mesh.yaml`],
    ...(backendPid === undefined ? [] : [["kill payments v2", `kill ${backendPid}`] as const]),
    ["kill the control plane", `kill -9 ${controlPlanePid}`],
    ["and start it again", `${weft} dev ${at} --port 0`],
    ["use kubectl", `kubectl --kubeconfig ${dataDir}/kubeconfig -n shop get vs,dr,ap,we`],
    ["your own program", `${weft} run --name me -n shop ${at} -- curl -s http://web.shop/`],
  ];
  const width = Math.max(...steps.map(([what]) => what.length)) + 2;
  return steps.map(([what, command]) => `  ${what.padEnd(width)}${command}\n`).join("");
}

/** The table; `undefined` rows mean that the control plane, which adds the numbers up, is away. */
export function liveTable(rows: readonly GoldenRow[] | undefined): string {
  if (rows === undefined)
    return "The control plane does not answer: no numbers, but the shop goes on without it.\n";
  if (rows.length === 0) return "Waiting for the first requests…\n";
  return formatStat(rows, { withNamespace: false, withSource: false, withMesh: false });
}

export function summaryText(summary: DemoSummary, seconds: number): string {
  const { requests, failures, denied, canaryShare, failing } = summary;
  const canary = canaryShare === undefined ? "none" : `${(100 * canaryShare).toFixed(1)} %`;
  return [
    `${requests} requests in ${seconds.toFixed(0)} s: ${failures} failed, ${denied} were refused by policy.`,
    `payments v2, the canary, took ${canary} of the charges.`,
    ...failing.map(
      ({ service, failedShare }) =>
        `${service} failed ${(100 * failedShare).toFixed(1)} % of its requests.`,
    ),
    "",
  ].join("\n");
}
