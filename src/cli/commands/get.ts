import { Option } from "commander";
import { stringify } from "yaml";
import { connectApi } from "../api/api-client.ts";
import { kindByWord, resourcePath } from "../api/resource-path.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { fetchTable, formatServerTable } from "../output/server-table.ts";

interface Flags {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly output: "table" | "wide" | "json" | "yaml" | "name";
  readonly dataDir: string;
}

const examples = `
Examples:
  weft get virtualservices -A
  weft get vs payments -n shop -o yaml
  weft get workloadentries -n shop -l app=payments -o wide`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .argument("<kind>", "kind of resource: vs, destinationrules, service …")
      .argument("[name]", "one object of it")
      .option("-n, --namespace <namespace>", "namespace", "default")
      .option("-A, --all-namespaces", "every namespace")
      .option("-l, --selector <labels>", "label selector")
      .addOption(
        new Option("-o, --output <format>", "output format")
          .choices(["table", "wide", "json", "yaml", "name"])
          .default("table"),
      )
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText("after", examples)
      .action((kind: string, name: string | undefined, flags: Flags) => get(kind, name, flags));
  },
};

async function get(word: string, name: string | undefined, flags: Flags): Promise<void> {
  const api = connectApi(flags.dataDir);
  const kind = kindByWord(word);
  if (name !== undefined && flags.allNamespaces)
    throw new CliError("usage", "one object is in one namespace: leave -A or the name out");
  const path = resourcePath(kind, {
    namespace: flags.allNamespaces ? undefined : flags.namespace,
    ...(name === undefined ? {} : { name }),
  });
  const query = flags.selector === undefined ? {} : { labelSelector: flags.selector };
  if (flags.output === "table" || flags.output === "wide") {
    const table = await fetchTable(api, path, query);
    const text = formatServerTable(table, {
      wide: flags.output === "wide",
      withNamespace: flags.allNamespaces === true && kind.namespaced,
    });
    if (table.rows.length > 0) process.stdout.write(text);
    else process.stderr.write(nothing(flags, kind.namespaced));
    return;
  }
  const { body } = await api.request("GET", path, { query });
  if (flags.output === "name") {
    const items = (body as { items?: { metadata: { name: string } }[] }).items ?? [body as never];
    for (const { metadata } of items) process.stdout.write(`${kind.singular}/${metadata.name}\n`);
    return;
  }
  process.stdout.write(
    flags.output === "json" ? `${JSON.stringify(body, undefined, 2)}\n` : stringify(body),
  );
}

const nothing = ({ allNamespaces, namespace }: Flags, namespaced: boolean): string =>
  allNamespaces || !namespaced
    ? "No resources found.\n"
    : `No resources found in ${namespace} namespace.\n`;
