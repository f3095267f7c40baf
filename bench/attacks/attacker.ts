// The attacker, a process of its own so that its costs can be told: hostile servers, and attacks at the harness's request.
// usage: attacker.ts CERTIFICATE KEY → one line of JSON with its ports; then POST /attack with an `AttackOrder`
import { readFileSync } from "node:fs";
import { attackerContext } from "../../test/support/attacks/attack-socket.ts";
import { attackCases } from "../../test/support/attacks/attack-table.ts";
import { HostileUpstream } from "../../test/support/attacks/hostile-upstream.ts";
import { type AttackTally, runAttack } from "../../test/support/attacks/run-attack.ts";

export interface AttackOrder {
  /** Of the table of attacks. */
  readonly key: string;
  readonly ms: number;
  readonly inboundPort: number;
  readonly upstreamPorts: readonly [number, number];
}

export interface AttackOutcome extends AttackTally {
  readonly attackerUs: number;
}

async function attack(order: AttackOrder, hostile: HostileUpstream): Promise<AttackOutcome> {
  const { key, ms, inboundPort, upstreamPorts } = order;
  const [certificate = "", key_ = ""] = process.argv.slice(2);
  const context = attackerContext({
    chainPem: readFileSync(certificate, "utf8"),
    keyPem: readFileSync(key_, "utf8"),
  });
  const found = attackCases.find((each) => each.key === key);
  if (found === undefined) throw new Error(`no attack is called ${key}`);
  const before = process.cpuUsage();
  const site = { host: "127.0.0.1", inboundPort, upstreamPorts, context, hostile };
  const tally = await runAttack(site, found, { ms });
  const { user, system } = process.cpuUsage(before);
  return { ...tally, attackerUs: user + system };
}

if (import.meta.main) {
  const hostile = await HostileUpstream.open();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request) =>
      Response.json(await attack((await request.json()) as AttackOrder, hostile)),
  });
  process.stdout.write(`${JSON.stringify({ control: server.port, hostile: hostile.ports })}\n`);
}
