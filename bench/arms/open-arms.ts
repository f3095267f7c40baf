import { provideProgram } from "../lab/programs.ts";
import type { Arm, ArmName, ArmOptions, CaseName } from "./arm.ts";
import { directArm } from "./direct.ts";
import { type Mesh, openMesh } from "./mesh.ts";
import { serverArm } from "./server-arm.ts";
import { weftArm } from "./weft.ts";

export interface ArmsOptions extends Omit<ArmOptions, "case"> {
  readonly arms: readonly ArmName[];
  readonly cases: readonly CaseName[];
  say(line: string): void;
}

export interface OpenArms {
  readonly arms: readonly Arm[];
  readonly omitted: readonly { readonly arm: ArmName; readonly reason: string }[];
}

/** All of them, ready to serve; what cannot be installed here is left out. Throws when one that is there does not run. */
export async function openArms(options: ArmsOptions): Promise<OpenArms> {
  const omitted = options.arms.flatMap((arm) => {
    const reason = obstacle(arm, options.say);
    return reason === undefined ? [] : [{ arm, reason }];
  });
  const wanted = options.arms.filter((name) => !omitted.some(({ arm }) => arm === name));
  const cores = { controlPlane: "load", proxies: "proxies" } as const;
  const mesh = wanted.includes("weft") ? await openMesh(options.lab, cores) : undefined;
  const arms: Arm[] = [];
  for (const name of options.cases)
    for (const arm of wanted) arms.push(await openArm(arm, { ...options, case: name }, mesh));
  return { arms, omitted };
}

function obstacle(arm: ArmName, say: (line: string) => void): string | undefined {
  if (arm === "nginx") return provideProgram("nginx", say);
  if (arm === "haproxy" || arm === "haproxy-unlogged") return provideProgram("haproxy", say);
  return undefined;
}

async function openArm(name: ArmName, options: ArmOptions, mesh: Mesh | undefined): Promise<Arm> {
  if (name === "direct") return directArm(options);
  if (name !== "weft") return await serverArm(name, options);
  if (!mesh) throw new Error("the Weft arm needs a mesh");
  return await weftArm(mesh, options);
}
