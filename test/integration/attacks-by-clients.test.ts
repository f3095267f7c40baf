// Every attack of a client, in plaintext and inside mutual TLS, on a proxy that serves bystanders meanwhile.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { attackCases } from "../support/attacks/attack-table.ts";
import { type AttackedMesh, startAttackedMesh } from "../support/attacks/attacked-mesh.ts";
import { Bystanders } from "../support/attacks/bystanders.ts";
import { judgeAttack, SHORT_LIMITS } from "../support/attacks/judge-attack.ts";
import { runAttack } from "../support/attacks/run-attack.ts";
import { brokenRequests } from "../support/attacks/smuggling.ts";

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

const cases = attackCases.filter(({ side }) => side === "client");

test.each(cases.map((each) => [each.key, each.attack.what, each] as const))(
  "%s: %s",
  async (_key, _what, each) => {
    await judgeAttack(attacked, bystanders, each);
  },
  30_000,
);

test("no request that was hidden in another came through", async () => {
  const smuggling = cases.find(({ key }) => key === "smuggling/plain");
  if (smuggling === undefined) throw new Error("there is no such attack");
  const rounds = Math.ceil(brokenRequests.length / smuggling.attack.connections);
  const tally = await runAttack(attacked.site, smuggling, { ms: 20_000, rounds });
  expect(tally.answered).toBe(tally.attempts);
  expect(tally.attempts).toBeGreaterThanOrEqual(brokenRequests.length);
  expect(await attacked.seen("/smuggled")).toBe(0);
}, 30_000);
