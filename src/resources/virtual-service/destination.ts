import type { Static } from "typebox";
import type { Issue } from "#core/issue.ts";
import { completeHost, isDnsLabel } from "../names.ts";
import { checkHost, issue } from "../schema/checks.ts";
import { object, optional, portNumber, text } from "../schema/fields.ts";

/** A service, perhaps one subset and one port of it, that a rule sends to. */
export interface Destination {
  /** Completed with the rule's namespace. */
  readonly host: string;
  readonly subset?: string;
  /** Absent: the port that was called, or the only one that the host has. */
  readonly port?: number;
}

export const destinationSchema = (description: string) =>
  object(
    {
      host: text("Service that is called; a short name is completed with the rule's namespace.", {
        minLength: 1,
      }),
      subset: optional(text("Subset that a DestinationRule of the host defines.")),
      port: optional(
        object({ number: portNumber("Port of the service.") }, "Port, when the host has several."),
      ),
    },
    description,
  );

export type DestinationSpec = Static<ReturnType<typeof destinationSchema>>;

export function readDestination(
  { host, subset, port }: DestinationSpec,
  namespace: string,
): Destination {
  return {
    host: completeHost(host, namespace),
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port: port.number }),
  };
}

export function validateDestination(
  { host, subset }: DestinationSpec,
  path: string,
): readonly Issue[] {
  const wrongSubset = subset !== undefined && !isDnsLabel(subset.toLowerCase());
  const issues = host.startsWith("*")
    ? [issue(`${path}.host`, "invalid", "a destination is one host, not a wildcard")]
    : checkHost(host, `${path}.host`);
  if (!wrongSubset) return issues;
  const message = `"${subset}" is not the name of a subset: expected letters, digits and -`;
  return [...issues, issue(`${path}.subset`, "invalid", message)];
}

/** Whether weights share anything out: a single destination gets everything, of several one must have a weight. */
export function validateWeights(
  weights: readonly (number | undefined)[],
  path: string,
): readonly Issue[] {
  if (weights.length === 0) return [issue(path, "required", "expected at least one destination")];
  const total = weights.reduce<number>((sum, weight = 0) => sum + weight, 0);
  if (weights.length === 1 || total > 0) return [];
  const message = "the weights come to 0, so no destination gets anything; give weights";
  return [issue(path, "invalid", message)];
}

/** The weight of a single destination means nothing; one of several without a weight has none. */
export function readWeight(weight: number | undefined, count: number): number {
  return count === 1 ? 1 : (weight ?? 0);
}
