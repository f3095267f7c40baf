// Starts what a stage compares. An arm that does not come up is broken: it is said, and the others go on.
import type { Arm, ArmName, ArmOptions } from "../arms/arm.ts";
import { directArm } from "../arms/direct.ts";
import { applyYaml, type Mesh, openMesh } from "../arms/mesh.ts";
import { serverArm } from "../arms/server-arm.ts";
import type { Setup } from "../arms/setup.ts";
import { isWeftArm, weftArm } from "../arms/weft.ts";
import { strictMutualTls } from "../arms/weft-yaml.ts";
import { startGrpcBackend } from "../backend/grpc-backend.ts";
import type { Backend } from "../backend/start-backend.ts";
import type { Lab } from "../lab/lab.ts";
import { untilArmServes, untilRulesHold } from "../measure/until-arm-serves.ts";
import type { CaseName } from "./cases.ts";
import { instanceKey } from "./cases.ts";
import type { PlannedInstance, PlannedStage } from "./plan.ts";

export interface BrokenArm {
  readonly arm: ArmName;
  readonly case: CaseName;
  readonly reason: string;
}

export interface OpenInstance {
  readonly arm: Arm;
  readonly key: string;
  /** The one behind it. */
  readonly backend: Backend;
}

export interface OpenStage {
  readonly instances: readonly OpenInstance[];
  readonly broken: readonly BrokenArm[];
}

export interface OpenStageOptions {
  readonly lab: Lab;
  readonly backend: Backend;
  readonly stage: PlannedStage;
}

/** Throws only when a backend does not run, or the lab was interrupted. */
export async function openStage(options: OpenStageOptions): Promise<OpenStage> {
  const { lab, stage, backend } = options;
  const needsGrpc = stage.instances.some(({ setup }) => setup.kind === "grpc");
  const grpcBackend = needsGrpc ? await startGrpcBackend(lab) : undefined;
  const meshes = new Meshes(lab, stage.name);
  const opened = await Promise.all(
    stage.instances.map(async (planned): Promise<OpenInstance | BrokenArm> => {
      const own = planned.setup.kind === "grpc" && grpcBackend ? grpcBackend : backend;
      const name = firstCase(stage, planned);
      try {
        const arm = await openArm(planned.arm, { lab, ...planned, backend: own }, meshes);
        await untilArmServes(lab, arm, name);
        if (hasRules(planned.arm)) await untilRulesHold(lab, arm);
        return { arm, key: planned.key, backend: own };
      } catch (cause) {
        lab.signal.throwIfAborted();
        return { arm: planned.arm, case: name, reason: reasonOf(cause) };
      }
    }),
  );
  return {
    instances: opened.flatMap((each) => ("key" in each ? [each] : [])),
    broken: opened.flatMap((each) => ("reason" in each ? [each] : [])),
  };
}

export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}

const hasRules = (arm: ArmName): boolean => isWeftArm(arm) || arm.startsWith("envoy");

/** The case to ask for when it has just started: the first that uses these processes. */
function firstCase({ runs }: PlannedStage, { arm, key }: PlannedInstance): CaseName {
  const run = runs.find((each) => each.arm === arm && instanceKey(each.case) === key);
  if (!run) throw new Error(`nothing is planned for ${arm}, ${key}`);
  return run.case;
}

async function openArm(name: ArmName, options: ArmOptions, meshes: Meshes): Promise<Arm> {
  if (name === "direct") return directArm(options);
  if (isWeftArm(name)) return await weftArm(name, await meshes.of(options), options);
  return await serverArm(name, options);
}

async function openStrictMesh(lab: Lab, name: string): Promise<Mesh> {
  const mesh = await openMesh(lab, { controlPlane: "load", proxies: "proxies" }, name);
  await applyYaml(mesh, "strict", strictMutualTls());
  return mesh;
}

/** Few resources lie in one mesh together; each big table has one of its own, so that no other arm's proxies hold it. */
class Meshes {
  readonly #lab: Lab;
  readonly #stage: string;
  readonly #open = new Map<string, Promise<Mesh>>();

  constructor(lab: Lab, stage: string) {
    this.#lab = lab;
    this.#stage = stage;
  }

  of({ setup, key }: { readonly setup: Setup; readonly key: string }): Promise<Mesh> {
    const hasTable = "count" in setup;
    const name = hasTable ? `${this.#stage}-mesh-${key}` : `${this.#stage}-mesh`;
    const mesh = this.#open.get(name) ?? openStrictMesh(this.#lab, name);
    this.#open.set(name, mesh);
    return mesh;
  }
}
