// One stage from start to end: opens it, runs every arm once per round, reads memory when all is quiet again.
import { hopsOf } from "../arms/setup.ts";
import { isWeftArm } from "../arms/weft.ts";
import type { Backend } from "../backend/start-backend.ts";
import type { Lab } from "../lab/lab.ts";
import { Stillness } from "../lab/stand-still.ts";
import { measureRun } from "../measure/measure-run.ts";
import { type Memory, readMemory } from "../measure/memory.ts";
import type { Sample } from "../measure/sample.ts";
import type { ArmMemory } from "../report/result.ts";
import { instanceKey } from "./cases.ts";
import { openSeconds, runSeconds, startSeconds } from "./estimate.ts";
import { type BrokenArm, type OpenInstance, openStage, reasonOf } from "./open-stage.ts";
import type { PlannedRun, PlannedStage } from "./plan.ts";
import type { Progress } from "./progress.ts";

export interface StageOptions {
  readonly lab: Lab;
  readonly backend: Backend;
  readonly stage: PlannedStage;
  readonly progress: Progress;
}

export interface StageResult {
  readonly samples: readonly Sample[];
  readonly memory: readonly ArmMemory[];
  readonly broken: readonly BrokenArm[];
}

export async function runStage(options: StageOptions): Promise<StageResult> {
  const { lab, stage, progress } = options;
  await using _scope = lab.scope();
  const { instances, broken } = await openStage(options);
  const opened = stage.instances.reduce((total, each) => total + openSeconds(each), 0);
  progress.add(opened, `every arm of stage ${stage.name} serves`, true);
  if (stage.settleSeconds > 0) {
    progress.add(0, "what starting needed is given back before memory is read", true);
    await rest(options, startSeconds(stage));
  }
  const idle = instances.map(memoryOf);
  const runner = new Runner(options, instances);
  await runner.runAll();
  if (stage.settleSeconds > 0) {
    progress.add(0, `memory is read after ${stage.settleSeconds} s of rest`, true);
    await rest(options, stage.settleSeconds);
  }
  const memory = instances.map((each, index) => armMemory(each, idle[index], runner, stage));
  return { samples: runner.samples, memory, broken: [...broken, ...runner.broken] };
}

class Runner {
  readonly samples: Sample[] = [];
  readonly broken: BrokenArm[] = [];
  readonly #options: StageOptions;
  readonly #instances: readonly OpenInstance[];

  constructor(options: StageOptions, instances: readonly OpenInstance[]) {
    this.#options = options;
    this.#instances = instances;
  }

  isBroken({ arm, key }: OpenInstance): boolean {
    return this.broken.some((each) => each.arm === arm.name && instanceKey(each.case) === key);
  }

  async runAll(): Promise<void> {
    const { runs, atOnce } = this.#options.stage;
    await using stillness = new Stillness();
    let next = 0;
    const work = async (): Promise<void> => {
      for (let run = runs[next++]; run !== undefined; run = runs[next++]) {
        await stillness.goOn();
        const others = atOnce === 1 ? this.#othersThan(run) : [];
        await this.#run(run, () => stillness.stop(others));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** The processes of all other arms but those of a mesh, which its control plane has to hear of. */
  #othersThan(run: PlannedRun): readonly number[] {
    return this.#instances
      .filter((each) => !isOf(each, run) && !isWeftArm(each.arm.name))
      .flatMap(processesOf);
  }

  /** Leaves it out when the arm is not there, or broke before. */
  async #run(run: PlannedRun, beAlone: () => Promise<void>): Promise<void> {
    const { lab, progress } = this.#options;
    const found = this.#instances.find((each) => isOf(each, run));
    const hasBroken = this.broken.some(
      ({ arm, case: name }) => arm === run.arm && name === run.case,
    );
    if (found && !hasBroken) {
      const { arm, backend } = found;
      try {
        this.samples.push(await measureRun({ lab, arm, backend, run, beAlone }));
      } catch (cause) {
        lab.signal.throwIfAborted();
        this.broken.push({ arm: run.arm, case: run.case, reason: reasonOf(cause) });
      }
    }
    const { arm, case: name, regime, round } = run;
    const seconds = runSeconds(run) / this.#options.stage.atOnce;
    progress.add(seconds, `${name}, ${regime}, ${arm}, round ${round + 1}`);
  }
}

const isOf = ({ arm, key }: OpenInstance, run: PlannedRun): boolean =>
  arm.name === run.arm && key === instanceKey(run.case);

/** None when it has broken. */
function processesOf({ arm }: OpenInstance): readonly number[] {
  try {
    return [...arm.proxies(), ...arm.supervisors()];
  } catch {
    return [];
  }
}

async function rest({ lab, progress }: StageOptions, seconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1_000);
  lab.signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  lab.signal.throwIfAborted();
  progress.add(seconds, "");
}

interface BothMemories {
  readonly proxies: Memory;
  readonly supervisors: Memory;
}

function memoryOf({ arm }: OpenInstance): BothMemories {
  return { proxies: readMemory(arm.proxies()), supervisors: readMemory(arm.supervisors()) };
}

function armMemory(
  instance: OpenInstance,
  idle: BothMemories | undefined,
  runner: Runner,
  stage: PlannedStage,
): ArmMemory {
  const { arm, key } = instance;
  const hasSettled = stage.settleSeconds > 0 && !runner.isBroken(instance);
  return {
    ...{ arm: arm.name, setup: key, proxies: arm.name === "direct" ? 0 : hopsOf(arm.setup) },
    ...(idle && { idle }),
    ...(hasSettled && { settled: memoryOf(instance) }),
  };
}
