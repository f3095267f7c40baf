import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option } from "commander";
import type { GoldenRow } from "#control/signals/golden-signals.ts";
import { fetchStat } from "../api/mesh-views.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { summarise } from "../demo/demo-summary.ts";
import { liveTable, nextSteps, summaryText } from "../demo/screen.ts";
import { openShop, type Shop } from "../demo/shop.ts";
import { shopDirectory } from "../demo/shop-manifest.ts";
import { judge } from "../demo/verdict.ts";
import { readDuration } from "../read-duration.ts";

interface Flags {
  readonly for?: string;
  readonly rate: string;
  readonly dataDir?: string;
  readonly output: "text" | "json";
}

const refreshMs = 1_000;

const examples = `
Everything runs on this machine as this user: no root, no container, no cluster. Ctrl-C ends all of it.
With --for it ends by itself; exit code 0 when the mesh did what the shop's YAML says, 2 when it did not.

Examples:
  weft demo
  weft demo --for 30s
  weft demo --for 30s -o json`;

export const command: Command = {
  configure(parser) {
    parser
      .option("--for <duration>", "end after this long, for example 30s or 2m")
      .option("--rate <n>", "visits a second", "20")
      .option("--data-dir <dir>", "keep the state here (default: a temporary directory)")
      .addOption(
        new Option("-o, --output <format>", "how the summary is printed")
          .choices(["text", "json"])
          .default("text"),
      )
      .addHelpText("after", examples)
      .action((flags: Flags) => demo(flags));
  },
};

async function demo(flags: Flags): Promise<void> {
  const forMs =
    flags.for === undefined ? Number.POSITIVE_INFINITY : readDuration("--for", flags.for);
  const rate = Number(flags.rate);
  if (!(rate >= 1 && rate <= 1_000))
    throw new CliError("usage", `--rate ${flags.rate}: expected visits a second, 1 to 1000`);
  using place = demoDirectory(flags.dataDir);
  const say = (line: string) => {
    if (flags.output === "text") process.stdout.write(`${line}\n`);
  };
  const interrupted = onInterrupt();
  say("A sample shop in a mesh. Every service is a process of its own beside its own proxy.\n");
  await using shop = await openShop({ dataDir: place.path, rate, say, signal: interrupted });
  for (const line of shop.missing) say(line);
  if (flags.output === "text") showNextSteps(shop, place.path);
  await watch({ shop, forMs, interrupted, flags, say });
}

interface Watching {
  readonly shop: Shop;
  readonly forMs: number;
  readonly interrupted: AbortSignal;
  readonly flags: Flags;
  say(line: string): void;
}

async function watch({ shop, forMs, interrupted, flags, say }: Watching): Promise<void> {
  const startedAt = performance.now();
  const screen = liveScreen(flags.output === "text");
  let totals: readonly GoldenRow[] = [];
  const aborted = new Promise<void>((resolve) => {
    interrupted.addEventListener("abort", () => resolve());
  });
  while (!interrupted.aborted && performance.now() - startedAt < forMs) {
    const leftMs = forMs - (performance.now() - startedAt);
    await Promise.race([Bun.sleep(Math.min(refreshMs, leftMs)), aborted]);
    screen(liveTable(await fetchStat(shop.api, 10, false).catch(() => undefined)));
    totals = await fetchStat(shop.api, "total", false).catch(() => totals);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const summary = summarise(totals);
  const findings = flags.for === undefined ? [] : judge(summary, shop.missing.length === 0);
  if (flags.output === "json")
    process.stdout.write(`${JSON.stringify({ seconds, ...summary, findings })}\n`);
  say(`\n${summaryText(summary, seconds)}`);
  for (const finding of findings) say(`× ${finding}`);
  if (findings.length > 0) process.exitCode = 2;
}

/** On a terminal the table is drawn over the one before; in a pipe it is printed every ten seconds. */
function liveScreen(isShown: boolean): (text: string) => void {
  let drawnLines = 0;
  let draws = 0;
  return (text) => {
    if (!isShown) return;
    if (!process.stdout.isTTY) {
      if (draws++ % 10 === 9) process.stdout.write(`\n${text}`);
      return;
    }
    const up = drawnLines === 0 ? "" : `\x1b[${drawnLines}A\x1b[J`;
    process.stdout.write(up + text);
    drawnLines = text.split("\n").length - 1;
  };
}

function showNextSteps(shop: Shop, dataDir: string): void {
  const steps = nextSteps({
    weft: "./weft",
    dataDir,
    shopDir: shopDirectory,
    controlPlanePid: shop.controlPlane.pid,
    backendPid: shop.workloads.find(({ label }) => label === "payments v2")?.pid,
  });
  process.stdout.write(`\nTry, in another terminal (Ctrl-C here ends everything):\n${steps}\n`);
}

function demoDirectory(given: string | undefined): { path: string } & Disposable {
  if (given !== undefined) return { path: given, [Symbol.dispose]: () => undefined };
  const path = mkdtempSync(join(tmpdir(), "weft-demo-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => controller.abort());
  return controller.signal;
}
