/**
 * Golden cases: `golden/<what it shows>/input.yaml` → `expected.yaml`. To rewrite what is expected:
 * `WRITE_GOLDEN=1 bun test src/compiler/golden.test.ts`, then read the diff.
 */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Document, parse, parseAllDocuments, visit } from "yaml";
import type { Snapshot } from "#config/snapshot.ts";
import { type ConfigType, configTypes } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { kindKey, type ResourceKind } from "#resources/kind.ts";
import { findKind, splitApiVersion } from "#resources/kinds.ts";
import type { Resource } from "#resources/resource.ts";
import { validateObject } from "#resources/validate.ts";
import { createCompiler } from "./compiler.ts";
import { contentHash } from "./content-hash.ts";
import { emptyWorld, objectKey, type WorldChange, withChanges } from "./world.ts";

/** First document of an input; the others are resources. */
interface Case {
  /**
   * What is expected: all of a type (`cluster`), or one by name (`cluster outbound|80||a`), which may be missing; with
   * `> limits transport` only these fields of it.
   */
  readonly show: readonly string[];
  readonly workload?: Partial<Workload>;
  readonly trustDomain?: string;
}

const folder = join(import.meta.dir, "golden");
const isWriting = process.env.WRITE_GOLDEN === "1";

const defaultWorkload: Workload = {
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: { app: "web" },
  inbound: [],
  outbound: [{ kind: "http-proxy", address: { host: "127.0.0.1", port: 15080 } }],
  admin: { host: "127.0.0.1", port: 15000 },
  version: "0.1.0",
};

describe("the compiled configuration is the expected one where", () => {
  for (const name of readdirSync(folder).sort())
    test(name.replaceAll("-", " "), () => {
      const { settings, objects } = readCase(join(folder, name, "input.yaml"));
      const actual = readable(shown(compileCase(settings, objects), settings.show));
      const path = join(folder, name, "expected.yaml");
      if (isWriting) writeFileSync(path, actual);
      expect(parse(actual)).toEqual(parse(readFileSync(path, "utf8")));
    });
});

function readCase(path: string): { settings: Case; objects: readonly Resource[] } {
  const documents = parseAllDocuments(readFileSync(path, "utf8"));
  const [settings, ...objects] = documents.map((document): unknown => document.toJS());
  return { settings: settings as Case, objects: (objects as Resource[]).map(stored) };
}

/** As the API server would have stored it. */
function stored(object: Resource): Resource {
  const kind = kindOf(object);
  const complete = kind.applyDefaults?.(object) ?? object;
  const issues = validateObject(kind, complete);
  if (issues.length > 0) throw new Error(`${object.metadata.name}: ${JSON.stringify(issues)}`);
  return { ...complete, metadata: { generation: 1, ...complete.metadata } };
}

function kindOf(object: Resource): ResourceKind {
  const kind = findKind(splitApiVersion(object.apiVersion).group, object.kind);
  if (kind === undefined) throw new Error(`no kind ${object.apiVersion} ${object.kind}`);
  return kind;
}

function compileCase({ workload, trustDomain }: Case, objects: readonly Resource[]): Snapshot {
  const world = emptyWorld({ trustDomain: trustDomain ?? "cluster.local", roots: ["PEM"] });
  const changes = objects.map(
    (object): WorldChange => ({ kind: kindKey(kindOf(object)), key: objectKey(object), object }),
  );
  return createCompiler(contentHash).snapshot(withChanges(world, changes), {
    ...defaultWorkload,
    ...workload,
  });
}

function shown(snapshot: Snapshot, show: readonly string[]): Record<string, unknown> {
  const result: Record<string, Record<string, unknown>> = {};
  for (const line of show) {
    const [what = "", fields] = line.split(" > ");
    const [type = "", ...rest] = what.split(" ");
    if (!configTypes.includes(type as ConfigType)) throw new Error(`no type ${type}`);
    const map = snapshot[type as ConfigType];
    const names = rest.length > 0 ? [rest.join(" ")] : [...map.keys()].sort();
    const into = result[type] ?? {};
    for (const name of names) into[name] = pick(map.get(name)?.value, fields?.split(" "));
    result[type] = into;
  }
  return result;
}

function pick(value: object | undefined, fields: readonly string[] | undefined): unknown {
  if (value === undefined) return "(none)";
  if (fields === undefined) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => fields.includes(field)));
}

/** YAML in which what fits on a line is on one. */
function readable(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_, node) => {
      node.flow = JSON.stringify(node).length < 90;
    },
  });
  return document.toString({ lineWidth: 0 });
}
