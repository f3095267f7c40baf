// Every attack of a client, in plaintext and inside mutual TLS, on a proxy that serves bystanders meanwhile.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { AttackSocket } from "../support/attacks/attack-socket.ts";
import { attackCases } from "../support/attacks/attack-table.ts";
import { type AttackedMesh, startAttackedMesh } from "../support/attacks/attacked-mesh.ts";
import { Bystanders } from "../support/attacks/bystanders.ts";
import { judgeAttack, SHORT_LIMITS } from "../support/attacks/judge-attack.ts";
import { runAttack } from "../support/attacks/run-attack.ts";
import {
  type BrokenRequest,
  brokenBodies,
  brokenHeads,
  brokenRequests,
  SMUGGLED,
} from "../support/attacks/smuggling.ts";

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

/** What one connection is told: its status, and that it ends. */
async function toldTo(text: string): Promise<Record<string, number>> {
  const { host, inboundPort: port } = attacked.site;
  const socket = await AttackSocket.open({ host, port }, "http1");
  await socket.send(text + SMUGGLED);
  await socket.closed;
  return Object.fromEntries(socket.words.counts);
}

const each = (requests: readonly BrokenRequest[]) =>
  requests.map(({ status, text }) => [status, text] as const);

test.each(each(brokenHeads))(
  "%i, the end, and nothing for the application: %j",
  async (status, text) => {
    const before = await attacked.seen("/attack");
    expect(await toldTo(text)).toEqual({ [`HTTP ${status}`]: 1, END: 1 });
    expect(await attacked.seen("/attack")).toBe(before);
  },
);

test.each(each(brokenBodies))("%i, and the end: %j", async (status, text) => {
  expect(await toldTo(text)).toEqual({ [`HTTP ${status}`]: 1, END: 1 });
});

test("the target's host wins over another one, which is not passed on", async () => {
  const { host, inboundPort: port } = attacked.site;
  const socket = await AttackSocket.open({ host, port }, "http1");
  await socket.send("GET http://b/absolute HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await socket.closed;
  expect(Object.fromEntries(socket.words.counts)).toEqual({ "HTTP 200": 1, END: 1 });
  expect(await attacked.seen("/absolute")).toBe(1);
  expect(await attacked.seen("http://b/absolute")).toBe(0);
});

test("no request that was hidden in another came through", async () => {
  const smuggling = cases.find(({ key }) => key === "smuggling/plain");
  if (smuggling === undefined) throw new Error("there is no such attack");
  const rounds = Math.ceil(brokenRequests.length / smuggling.attack.connections);
  const tally = await runAttack(attacked.site, smuggling, { ms: 20_000, rounds });
  expect(tally.answered).toBe(tally.attempts);
  expect(tally.attempts).toBeGreaterThanOrEqual(brokenRequests.length);
  expect(await attacked.seen("/smuggled")).toBe(0);
}, 30_000);
