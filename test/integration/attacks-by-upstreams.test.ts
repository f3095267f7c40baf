// Every attack of a server on the proxy that calls it: its callers are told, and nobody else notices.
import { afterAll, beforeAll, test } from "bun:test";
import { attackCases } from "../support/attacks/attack-table.ts";
import { type AttackedMesh, startAttackedMesh } from "../support/attacks/attacked-mesh.ts";
import { Bystanders } from "../support/attacks/bystanders.ts";
import { judgeAttack, SHORT_LIMITS } from "../support/attacks/judge-attack.ts";

let attacked: AttackedMesh;
let bystanders: Bystanders;

beforeAll(async () => {
  attacked = await startAttackedMesh(SHORT_LIMITS);
  bystanders = new Bystanders(attacked.site.inboundPort, 4);
  await bystanders.goOn(0);
}, 60_000);

afterAll(async () => {
  await bystanders?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
});

const cases = attackCases.filter(({ side }) => side === "upstream");

test.each(cases.map((each) => [each.key, each.attack.what, each] as const))(
  "%s: %s",
  async (_key, _what, each) => {
    await judgeAttack(attacked, bystanders, each);
  },
  30_000,
);
