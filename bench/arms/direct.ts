import type { Arm, ArmOptions } from "./arm.ts";

/** No proxy at all: what the generator and the backend can do by themselves. */
export function directArm({ setup, backend }: ArmOptions): Arm {
  return {
    name: "direct",
    setup,
    port: backend.port,
    proxies: () => [],
    supervisors: () => [],
    logs: [],
    watched: [backend.process],
  };
}
