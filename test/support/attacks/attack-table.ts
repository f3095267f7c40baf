import type { Attack, Over } from "./attack.ts";
import { connectionAttacks } from "./connection-attacks.ts";
import { hpackAttacks } from "./hpack-attacks.ts";
import { http1Attacks } from "./http1-attacks.ts";
import { http2Floods } from "./http2-floods.ts";
import { http2Holds } from "./http2-holds.ts";
import { type UpstreamAttack, upstreamAttacks } from "./upstream-attacks.ts";

/** One attack, one way. */
export type AttackCase =
  | { readonly side: "client"; readonly attack: Attack; readonly over: Over; readonly key: string }
  | { readonly side: "upstream"; readonly attack: UpstreamAttack; readonly key: string };

export const clientAttacks: readonly Attack[] = [
  ...connectionAttacks,
  ...http1Attacks,
  ...http2Floods,
  ...http2Holds,
  ...hpackAttacks,
];

/** All of them, from the client's side over each way that an attack names, then from the upstream. */
export const attackCases: readonly AttackCase[] = [
  ...clientAttacks.flatMap((attack) =>
    attack.over.map((over) => ({
      ...{ side: "client" as const, attack, over },
      key: `${attack.name}/${over}`,
    })),
  ),
  ...upstreamAttacks.map((attack) => ({ side: "upstream" as const, attack, key: attack.name })),
];
