// Plays the shop's story through, as a person at two terminals would: the demo in one, the commands that it prints in the
// other. Says what it saw; ends with 1 at the first thing that is not so.
import { type Caller, startCaller } from "../../test/support/caller.ts";
import { eventually } from "../../test/support/eventually.ts";
import { runWeft, type Spawned, spawnWeft } from "../../test/support/spawn-weft.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

interface StatRow {
  readonly service: string;
  readonly version: string;
  readonly requests: number;
  readonly failures: number;
  readonly denied: number;
}

const folder = import.meta.dir;
const checkout = {
  url: "http://web/checkout",
  how: { method: "POST", body: '{"item":"lamp"}', headers: {} },
};

function say(what: string): void {
  process.stdout.write(`√ ${what}\n`);
}

function require(holds: boolean, what: string, seen: unknown): void {
  if (!holds) throw new Error(`not so: ${what}\n  seen: ${JSON.stringify(seen)}`);
  say(what);
}

await using directory = await tempDir();
const at = ["--data-dir", directory.path];
await using demo = spawnWeft(["demo", ...at]);
await demo.stdout.line(/use kubectl/, 35_000);
say("the shop is up");

await using visitor = await visit();
const { caller } = visitor;

await eventually(async () => {
  const rows = await stat();
  const failing = rows.filter(({ failures }) => failures > 0).map(({ service }) => service);
  const isTold = failing.includes("reviews") && rows.some(({ denied }) => denied > 0);
  return isTold && rows.some(({ version }) => version === "v2");
});
const failing = (await stat()).filter(({ failures }) => failures > 0);
require(failing.every(
  ({ service }) => service === "reviews",
), "weft stat shows the bug in reviews, the refused report and the canary, and no other failure", failing);

const tenth = await shareOfV2(400, {});
require(tenth > 0.04 && tenth < 0.17, "about one charge in ten goes to payments v2", tenth);
const tester = await shareOfV2(50, { "x-canary": "true" });
require(tester === 1, "who sends x-canary always gets v2", tester);

await apply("canary-50.yaml");
const half = await shareOfV2(400, {});
require(half > 0.38 && half < 0.62, "after canary-50.yaml about half of the charges do", half);

await apply("break-policy.yaml");
const broken = await caller.call(checkout.url, checkout.how);
require(broken.status === 502, "after break-policy.yaml no checkout works", broken);
const refused = await caller.call("http://payments:9090/charge", checkout.how);
require(refused.status === 403 &&
  refused.body.includes(
    "payments-charge",
  ), "and whoever is refused is told by which policy", refused);

await apply("mesh.yaml");
const restored = await caller.call(checkout.url, checkout.how);
require(restored.status === 200, "after mesh.yaml all is as it was", restored);

demo.signal("SIGINT");
const exitCode = await demo.exited;
require(exitCode === 0 && demo.processes().length === 0, "Ctrl-C ends all of it", exitCode);

/** A customer of our own. */
async function visit(): Promise<{ caller: Caller } & AsyncDisposable> {
  let workload: Spawned | undefined;
  const run = async (flags: readonly string[], command: readonly string[]) => {
    workload = spawnWeft(["run", ...at, ...flags, "--", ...command]);
    return workload;
  };
  const started = await startCaller({ run }, ["--name", "visitor", "-n", "shop"]);
  return {
    caller: started,
    [Symbol.asyncDispose]: async () => await workload?.[Symbol.asyncDispose](),
  };
}

async function stat(): Promise<readonly StatRow[]> {
  const { stdout } = await runWeft(["stat", "--window", "60", "-o", "json", ...at]);
  return (JSON.parse(stdout) as { items: readonly StatRow[] }).items;
}

async function apply(file: string): Promise<void> {
  const { exitCode, stderr } = await runWeft(["apply", "--wait", ...at, "-f", `${folder}/${file}`]);
  if (exitCode !== 0) throw new Error(`${file} was refused: ${stderr}`);
}

/** Of so many checkouts, eight at a time; each answers with the version that charged it. */
async function shareOfV2(count: number, headers: Record<string, string>): Promise<number> {
  let toV2 = 0;
  for (let done = 0; done < count; done += 8) {
    const calls = Array.from({ length: Math.min(8, count - done) }, () =>
      caller.call(checkout.url, { ...checkout.how, headers }),
    );
    for (const { status, body } of await Promise.all(calls)) {
      if (status !== 200) throw new Error(`a checkout failed: ${status} ${body}`);
      const { payment } = JSON.parse(body) as { payment: { version: string } };
      if (payment.version === "v2") toV2 += 1;
    }
  }
  return toV2 / count;
}
