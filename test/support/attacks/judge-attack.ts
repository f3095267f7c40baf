// The verdict of a test on an attack: what the attacker was told, that bystanders noticed nothing, and that memory stayed
// bounded. Never how long anything took.
import { expect } from "bun:test";
import type { AttackCase } from "./attack-table.ts";
import type { AttackedMesh } from "./attacked-mesh.ts";
import type { Bystanders } from "./bystanders.ts";
import { runAttack } from "./run-attack.ts";

/** Short ones, so that an attacker need not wait for the usual ones. */
export const SHORT_LIMITS: readonly string[] = [
  "request-head-time=500ms",
  "request-body-grace=500ms",
  "preface-time=1s",
  "handshake-time=3s",
  "detection-time=500ms",
  "unread-time=500ms",
];

const MIB = 1_048_576;
/** Of the runtime's own heap between two collections. */
const GARBAGE_BYTES = 96 * MIB;
/** As long as an attack that is not answered goes on. */
const BOUNDED_MS = 400;
const ANSWER_MS = 15_000;
const PATIENCE_MS = 3_000;

export async function judgeAttack(
  attacked: AttackedMesh,
  bystanders: Bystanders,
  each: AttackCase,
): Promise<void> {
  const { answer, connections } = each.attack;
  const isBounded = answer.kind === "bounded";
  const before = attacked.rssBytes();
  const failuresBefore = bystanders.failures.length;
  const answeredBefore = bystanders.answered;
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, attacked.rssBytes());
  }, 50);
  const tally = await runAttack(attacked.site, each, {
    ...{ ms: isBounded ? BOUNDED_MS : ANSWER_MS, endsWhenAnswered: true, patienceMs: PATIENCE_MS },
    ...(isBounded ? {} : { rounds: 1 }),
  }).finally(() => clearInterval(sampling));
  const { attempts, answered, refused, words } = tally;
  expect({ refused, words, attempts: attempts >= connections }).toMatchObject({
    ...{ refused: 0, attempts: true },
  });
  if (!isBounded) expect({ words, answered }).toEqual({ words, answered: attempts });
  if (each.side === "client" && answer.kind === "words" && answer.words.at(-1) === "END")
    expect(Object.keys(words)).toContain(answer.words[0] ?? "END");
  const allowed = GARBAGE_BYTES + connections * (each.attack.heldBytes ?? MIB);
  expect(peak - before).toBeLessThan(allowed);
  await bystanders.goOn(answeredBefore);
  expect(bystanders.failures.slice(failuresBefore)).toEqual([]);
}
