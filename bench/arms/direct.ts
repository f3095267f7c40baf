import type { Arm, ArmOptions } from "./arm.ts";

/** No proxy at all: what the generator and the backend can do by themselves. */
export function directArm({ lab, case: name, backend }: ArmOptions): Arm {
  return {
    name: "direct",
    case: name,
    port: backend.port,
    proxies: () => [],
    supervisors: () => [],
    logs: lab.folder("direct"),
    watched: [backend.process],
  };
}
