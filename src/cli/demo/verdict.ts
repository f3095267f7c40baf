import type { DemoSummary } from "./demo-summary.ts";

/** The service with the bug that the demo is about. */
const knownFault = "reviews";

/**
 * What a run of the demo should have shown and did not, in words; empty when all is well. Only a run that nobody
 * interfered with can be judged: `expectReviews` is false where the faulty service could not run.
 */
export function judge(summary: DemoSummary, expectReviews: boolean): readonly string[] {
  const { requests, denied, canaryShare, failing } = summary;
  const findings: string[] = [];
  if (requests === 0) findings.push("no request went through the mesh");
  if (denied === 0) findings.push("the policy refused nothing, though the report page was opened");
  if (canaryShare === undefined || canaryShare === 0)
    findings.push("the canary took no charge at all");
  if (expectReviews && !failing.some(({ service }) => service === knownFault))
    findings.push("the bug in reviews did not show");
  for (const { service, failedShare } of failing)
    if (service !== knownFault)
      findings.push(`${service} failed ${(100 * failedShare).toFixed(2)} % of its requests`);
  return findings;
}
