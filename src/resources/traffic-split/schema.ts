import type { Static } from "typebox";
import { intOrString, list, object, text } from "../schema/fields.ts";

const backend = object(
  {
    service: text(
      "Service that gets requests; a short name is completed with the rule's namespace.",
      { minLength: 1 },
    ),
    weight: intOrString(
      "Share of the requests, relative to the others: a whole number, or (as v1alpha1 has it) a quantity such as 500m.",
    ),
  },
  "One of the services that share the requests.",
);

export const trafficSplitSpecSchema = object(
  {
    service: text("Root service, which clients call.", { minLength: 1 }),
    backends: list(backend, "Services that share its requests.", { minItems: 1 }),
  },
  "Shares the requests to one service among several.",
  { refused: { matches: "HTTPRouteGroup is not served yet; a VirtualService can match requests" } },
);

export type TrafficSplitSpec = Static<typeof trafficSplitSpecSchema>;
