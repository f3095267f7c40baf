import { provideEnvoy } from "../lab/envoy-program.ts";
import { provideProgram } from "../lab/programs.ts";
import type { ArmName } from "./arm.ts";
import { programOf } from "./server-arm.ts";
import { isWeftArm } from "./weft.ts";

/** Installs what the arm's program is; returns why it cannot be had, or undefined. */
export function provideArm(arm: ArmName, say: (line: string) => void): string | undefined {
  if (arm === "direct") return undefined;
  if (isWeftArm(arm)) return arm === "envoy-xds" ? provideEnvoy(say) : undefined;
  const program = programOf(arm);
  return program === "envoy" ? provideEnvoy(say) : provideProgram(program, say);
}
