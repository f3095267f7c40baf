import type { Bootstrap } from "./bootstrap.ts";

/** What came on standard input is not what a proxy can start from. The message says what is wrong. */
export class BootstrapError extends Error {
  override readonly name = "BootstrapError";
}

type Check = readonly [path: string, isRight: (value: unknown) => boolean, expected: string];

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isCount = (value: unknown): boolean =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

/** What every start reads, and would stumble over. Whoever writes the rest is `weft run`, by the same type. */
const CHECKS: readonly Check[] = [
  ...["namespace", "name", "app", "serviceAccount"].map(
    (field): Check => [`workload.${field}`, isText, "a name"],
  ),
  ["workload.labels", isFields, "an object"],
  ["workload.inbound", Array.isArray, "a list"],
  ["workload.outbound", Array.isArray, "a list"],
  ["workload.admin", isFields, "an address"],
  ["trustDomain", isText, "a name"],
  ["stateDirectory", isText, "a path"],
  ["secret", isText, "a text"],
  ["sockets", Array.isArray, "a list"],
  ["drainMs", isCount, "milliseconds"],
];

/** Throws BootstrapError with everything that is wrong. */
export function readBootstrap(line: string): Bootstrap {
  const value = parse(line);
  const issues = CHECKS.filter(([path, isRight]) => !isRight(at(value, path))).map(
    ([path, , expected]) => `${path}: expected ${expected}`,
  );
  if (issues.length > 0)
    throw new BootstrapError(
      `the bootstrap on standard input is not complete: ${issues.join("; ")}`,
    );
  return value as Bootstrap;
}

function parse(line: string): unknown {
  if (line.trim() === "")
    throw new BootstrapError(
      "there is no bootstrap on standard input, but one line of JSON is read",
    );
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new BootstrapError("the bootstrap on standard input is not a line of JSON", { cause });
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) found = isFields(found) ? found[key] : undefined;
  return found;
}
