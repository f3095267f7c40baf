// How long things take, roughly, on two cores: for the line that says how long is left.
import { FIXED_RATE, IDLE_CONNECTIONS } from "./cases.ts";
import type { PlannedInstance, PlannedRun, PlannedStage } from "./plan.ts";

/** Starting generators, pinning, asking whether the arm serves. */
const AROUND_A_RUN_SECONDS = 0.45;
const PAUSE_CHECK_SECONDS = 3;
const START_SECONDS = 10;
/** Opening and settling of 1,000 idle connections, and what TLS adds. */
const IDLE_SECONDS = 3 + (2 * IDLE_CONNECTIONS) / FIXED_RATE;

export function runSeconds({ regime, warmUpSeconds, seconds }: PlannedRun): number {
  if (regime === "idle") return IDLE_SECONDS;
  return warmUpSeconds + seconds + AROUND_A_RUN_SECONDS;
}

export function openSeconds({ arm, setup }: PlannedInstance): number {
  const entries = "count" in setup ? setup.count : 0;
  if (arm === "weft") return 2.5 + entries * 0.0008;
  return arm === "direct" ? 0.1 : 0.3 + entries * 0.00003;
}

/** Rest before idle memory is read, where it is read with care: processes give back what only their start needed. */
export const startSeconds = ({ settleSeconds }: PlannedStage): number =>
  Math.min(START_SECONDS, settleSeconds);

export const stageSeconds = (stage: PlannedStage): number =>
  sum(stage.instances.map(openSeconds)) +
  sum(stage.runs.map(runSeconds)) / stage.atOnce +
  startSeconds(stage) +
  stage.settleSeconds;

export const planSeconds = (stages: readonly PlannedStage[]): number =>
  PAUSE_CHECK_SECONDS + sum(stages.map(stageSeconds));

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
