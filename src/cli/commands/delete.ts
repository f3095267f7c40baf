import { type ApiClient, ApiError, connectApi } from "../api/api-client.ts";
import { kindByWord, kindOfDocument, qualifiedName, resourcePath } from "../api/resource-path.ts";
import { readDocuments } from "../apply/read-documents.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";

interface Flags {
  readonly filename?: readonly string[];
  readonly namespace: string;
  readonly ignoreNotFound?: boolean;
  readonly dataDir: string;
}

interface Target {
  readonly isNamespaced: boolean;
  readonly title: string;
  readonly path: string;
}

const examples = `
Examples:
  weft delete vs payments -n shop
  weft delete -f mesh.yaml --ignore-not-found`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .argument("[kind]", "kind of resource")
      .argument("[names...]", "its objects")
      .option("-f, --filename <path...>", "delete what is written there")
      .option("-n, --namespace <namespace>", "namespace", "default")
      .option("--ignore-not-found", "what is not there counts as deleted")
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText("after", examples)
      .action((kind: string | undefined, names: readonly string[], flags: Flags) =>
        remove(kind, names, flags),
      );
  },
};

async function remove(
  word: string | undefined,
  names: readonly string[],
  flags: Flags,
): Promise<void> {
  const targets = flags.filename
    ? await written(flags.filename, flags.namespace)
    : named(word, names, flags.namespace);
  const api = connectApi(flags.dataDir);
  const failures: string[] = [];
  for (const target of targets) await removeOne(api, target, flags, failures);
  if (failures.length > 0) throw new CliError("failed", failures.join("\nweft: "));
}

async function removeOne(
  api: ApiClient,
  { title, path }: Target,
  { ignoreNotFound }: Flags,
  failures: string[],
): Promise<void> {
  try {
    await api.request("DELETE", path);
    process.stdout.write(`${title} deleted\n`);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.status !== 404 || !ignoreNotFound) failures.push(cause.message);
  }
}

function named(
  word: string | undefined,
  names: readonly string[],
  namespace: string,
): readonly Target[] {
  if (word === undefined || names.length === 0)
    throw new CliError("usage", "what is to be deleted: a kind and names, or -f FILE");
  const kind = kindByWord(word);
  return names.map((name) => ({
    isNamespaced: kind.namespaced,
    title: `${qualifiedName(kind)} "${name}"`,
    path: resourcePath(kind, { namespace, name }),
  }));
}

/** What lives in a namespace goes before the namespace, which would take it along. */
async function written(
  paths: readonly string[],
  defaultNamespace: string,
): Promise<readonly Target[]> {
  const { documents, problems } = await readDocuments(paths);
  if (problems.length > 0) throw new CliError("failed", problems.join("\nweft: "));
  const targets = documents.map(({ object }) => {
    const kind = kindOfDocument(object.apiVersion, object.kind);
    const { name, namespace = defaultNamespace } = object.metadata;
    return {
      isNamespaced: kind.namespaced,
      title: `${qualifiedName(kind)} "${name}"`,
      path: resourcePath(kind, { namespace, name }),
    };
  });
  return targets.sort((a, b) => Number(b.isNamespaced) - Number(a.isNamespaced));
}
