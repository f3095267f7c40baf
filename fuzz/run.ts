/** Feeds decoders mutations of their corpus. A failure prints its input and the seed, is kept in the corpus, and exits 1. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FUZZ_TARGETS } from "./every-target.ts";
import { FuzzFailure, fuzz } from "./fuzz-target.ts";
import { corpusFolder, randomFrom } from "./mutations.ts";
import type { FuzzTarget } from "./target.ts";

const HELP = `Usage: npm run fuzz -- [--for 30s] [--only TARGET] [--seed N]

Gives every decoder inputs made of its corpus (fuzz/corpus/TARGET), until the time is over.

  --for DURATION   for all targets together: 500ms, 30s, 10m (default 10s)
  --only TARGET    one target
  --seed N         the same inputs again, as far as the time reaches (default: from the clock)
  --help           this

An input on which a decoder does anything but give a value or its own error is printed as base64 with the seed,
written to the corpus, where it becomes a unit test, and ends the run with exit code 1.

Targets: ${FUZZ_TARGETS.map(({ name }) => name).join(", ")}
`;

const { values } = parseArgs({
  options: {
    for: { type: "string", default: "10s" },
    only: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    help: { type: "boolean", short: "h", default: false },
  },
});

function milliseconds(text: string): number {
  const [, amount = "", unit = "s"] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  if (amount === "") throw new RangeError(`not a duration: ${text}`);
  return Number(amount) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? 1_000);
}

function keep(target: FuzzTarget, { bytes, message }: FuzzFailure, seed: number): void {
  const folder = corpusFolder(target.name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `failure-${Bun.hash(bytes).toString(16)}`);
  writeFileSync(file, bytes);
  process.stderr.write(`${message}\nseed ${seed}; kept as ${file}\n`);
}

/** Whether nothing was found. */
function run(target: FuzzTarget, forMs: number, seed: number): boolean {
  const endsAt = performance.now() + forMs;
  const goesOn = (runs: number): boolean => runs % 64 !== 0 || performance.now() < endsAt;
  try {
    const runs = fuzz(target, randomFrom(seed), goesOn);
    process.stdout.write(`${target.name}: ${runs} inputs, seed ${seed}\n`);
    return true;
  } catch (cause) {
    if (!(cause instanceof FuzzFailure)) throw cause;
    keep(target, cause, seed);
    process.stderr.write(`${cause.cause instanceof Error ? cause.cause.stack : ""}\n`);
    return false;
  }
}

function main(): number {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const chosen = FUZZ_TARGETS.filter(
    ({ name }) => values.only === undefined || name === values.only,
  );
  if (chosen.length === 0) {
    process.stderr.write(`there is no target ${values.only}\n\n${HELP}`);
    return 2;
  }
  const eachMs = milliseconds(values.for) / chosen.length;
  const good = chosen.map((target) => run(target, eachMs, Number(values.seed)));
  return good.every(Boolean) ? 0 : 1;
}

process.exitCode = main();
