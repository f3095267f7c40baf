export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: "Start here" | "Run" | "Configure" | "Look" | "Other";
}

/** Every command, in the order in which help lists them. The file of each is `commands/<name>.ts`. */
export const commandTable: readonly CommandEntry[] = [
  { group: "Start here", name: "demo", summary: "Run a sample shop in a mesh, with live traffic" },
  { group: "Start here", name: "dev", summary: "Run a control plane on this machine" },
  { group: "Start here", name: "run", summary: "Run any command as a workload of the mesh" },
  { group: "Run", name: "control-plane", summary: "Run a control plane for other hosts" },
  { group: "Run", name: "proxy", summary: "Run one proxy" },
  { group: "Run", name: "token", summary: "Create tokens with which workloads join" },
  {
    group: "Configure",
    name: "apply",
    summary: "Apply YAML files, and wait until proxies run them",
  },
  { group: "Configure", name: "get", summary: "Show resources" },
  { group: "Configure", name: "delete", summary: "Delete resources" },
  {
    group: "Look",
    name: "proxies",
    summary: "Show every proxy and whether its configuration is live",
  },
  { group: "Look", name: "stat", summary: "Show success rate, traffic and latency, live" },
  { group: "Look", name: "check", summary: "Check the mesh and its workloads, and say what to do" },
  { group: "Other", name: "version", summary: "Print the version" },
  { group: "Other", name: "completion", summary: "Print a completion script for a shell" },
];

export function findCommand(name: string): CommandEntry | undefined {
  return commandTable.find((entry) => entry.name === name);
}
