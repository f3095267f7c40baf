import type { Static } from "typebox";
import { choice, map, object, optional } from "../schema/fields.ts";
import { selectorSchema } from "../schema/selector.ts";

const mutualTls = (description: string) =>
  object(
    {
      mode: optional(
        choice(
          ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"],
          "STRICT: mutual TLS only; PERMISSIVE: plaintext as well; DISABLE: plaintext only; UNSET: as the next wider policy says.",
        ),
      ),
    },
    description,
  );

export const peerAuthenticationSpecSchema = object(
  {
    selector: optional(selectorSchema),
    mtls: optional(mutualTls("What the workloads accept.")),
    portLevelMtls: optional(
      map(
        mutualTls("What the port accepts."),
        "The same by port of the workload; needs a selector.",
      ),
    ),
  },
  "What workloads accept from their callers: mutual TLS, plaintext or both.",
);

export type PeerAuthenticationSpec = Static<typeof peerAuthenticationSpecSchema>;
