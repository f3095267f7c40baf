import { proxyFailures } from "#core/errors/proxy-failures.ts";

/** The text of `docs/reference/errors.md`. */
export function errorsPage(): string {
  const sections = Object.entries(proxyFailures).map(
    ([code, facts]) =>
      `## ${code}\n\n${facts.summary}\n\n**Next:** ${facts.next}\n\n` +
      "| status | fault | Envoy's flag | `response_code_details` | retried |\n|---|---|---|---|---|\n" +
      `| ${facts.status} | ${facts.fault} | ${facts.flag} | \`${facts.details}\` | ${retryWords[facts.retry]} |\n`,
  );
  return [
    "# Answers that a proxy makes itself",
    "",
    "Generated from `src/core/errors/proxy-failures.ts` by `scripts/generate-errors.ts`; do not edit.",
    "",
    "Each such answer carries `weft-error: <code>; by=<workload>/<inbound|outbound>; id=<record>`; the body says in words what",
    "happened, and the access log of the proxy named by `by` has the same `id`.",
    "",
    "A gRPC caller (`content-type: application/grpc`) gets 200 with `grpc-status` and `grpc-message`, and no body: 400 becomes 13,",
    "401 16, 403 7, 404 12, 429, 502 and 503 14, 504 4, all else 2. An answer that breaks off ends with such a status too.",
    "",
    sections.join("\n"),
  ].join("\n");
}

const retryWords = {
  never: "never, unless the route's `retries` name its status",
  unsent: "while no byte of the request was sent, or the method is safe, or the route says so",
  always: "yes: the application never saw the request",
} as const;

if (import.meta.main) await Bun.write("docs/reference/errors.md", errorsPage());
