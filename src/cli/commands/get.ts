import { Option } from "commander";
import { stringify } from "yaml";
import type { ResourceKind } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import { type ApiClient, connectApi } from "../api/api-client.ts";
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
  weft get virtualservices,destinationrules -n shop
  weft get vs payments -n shop -o yaml
  weft get workloadentries -n shop -l app=payments -o wide`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .argument("<kind>", "kind of resource: vs, destinationrules, service …; several with commas")
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

async function get(words: string, name: string | undefined, flags: Flags): Promise<void> {
  const api = connectApi(flags.dataDir);
  const kinds = words.split(",").map(kindByWord);
  if (name !== undefined && flags.allNamespaces)
    throw new CliError("usage", "one object is in one namespace: leave -A or the name out");
  const query = flags.selector === undefined ? {} : { labelSelector: flags.selector };
  const found: Found[] = kinds.map((kind) => {
    const path = resourcePath(kind, {
      namespace: flags.allNamespaces ? undefined : flags.namespace,
      ...(name === undefined ? {} : { name }),
    });
    return { kind, path, query };
  });
  if (flags.output === "table" || flags.output === "wide") await printTables(api, found, flags);
  else await printObjects(api, found, flags.output);
}

interface Found {
  readonly kind: ResourceKind;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

async function printTables(api: ApiClient, found: readonly Found[], flags: Flags): Promise<void> {
  const texts: string[] = [];
  for (const { kind, path, query } of found) {
    const table = await fetchTable(api, path, query);
    const withNamespace = flags.allNamespaces === true && kind.namespaced;
    const text = formatServerTable(table, { wide: flags.output === "wide", withNamespace });
    const title = found.length > 1 ? `${kind.plural}\n` : "";
    if (table.rows.length > 0) texts.push(title + text);
  }
  if (texts.length > 0) process.stdout.write(texts.join("\n"));
  else
    process.stderr.write(
      nothing(
        flags,
        found.some(({ kind }) => kind.namespaced),
      ),
    );
}

async function printObjects(
  api: ApiClient,
  found: readonly Found[],
  output: Flags["output"],
): Promise<void> {
  const bodies: unknown[] = [];
  for (const { kind, path, query } of found) {
    const { body } = await api.request("GET", path, { query });
    if (output !== "name") bodies.push(body);
    else
      for (const { metadata } of itemsOf(body) ?? [body as Resource])
        process.stdout.write(`${kind.singular}/${metadata.name}\n`);
  }
  if (output === "name") return;
  const whole = bodies.length === 1 ? bodies[0] : oneList(bodies);
  process.stdout.write(
    output === "json" ? `${JSON.stringify(whole, undefined, 2)}\n` : stringify(whole),
  );
}

/** As kubectl shows objects of several kinds. */
function oneList(bodies: readonly unknown[]): unknown {
  const items = bodies.flatMap((body) => itemsOf(body) ?? [body as Resource]);
  return { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items };
}

function itemsOf(body: unknown): readonly Resource[] | undefined {
  return (body as { readonly items?: readonly Resource[] }).items;
}

const nothing = ({ allNamespaces, namespace }: Flags, namespaced: boolean): string =>
  allNamespaces || !namespaced
    ? "No resources found.\n"
    : `No resources found in ${namespace} namespace.\n`;
