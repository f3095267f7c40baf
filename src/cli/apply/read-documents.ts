import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { LineCounter, parseAllDocuments } from "yaml";
import { namePartProblem } from "../api/resource-path.ts";
import { CliError } from "../cli-error.ts";

/** One object as a person wrote it, and where. */
export interface WrittenDocument {
  /** `mesh.yaml:12` */
  readonly place: string;
  readonly object: DocumentObject;
}

export interface DocumentObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

export interface ReadDocuments {
  readonly documents: readonly WrittenDocument[];
  /** What could not be read, each with its place. */
  readonly problems: readonly string[];
}

const suffixes = new Set([".yaml", ".yml", ".json"]);
const maxFileBytes = 3 * 1024 * 1024;
/** Far above what people write, far below what an alias bomb needs. */
const maxAliases = 100;

/**
 * Reads files, folders (not below them) and `-`, the standard input. Every problem is reported, none stops the reading.
 * Throws CliError when a path cannot be read at all.
 */
export async function readDocuments(paths: readonly string[]): Promise<ReadDocuments> {
  const documents: WrittenDocument[] = [];
  const problems: string[] = [];
  for (const path of paths.flatMap(expand)) {
    const text = path === "-" ? await Bun.stdin.text() : readText(path);
    const read = parseDocuments(path === "-" ? "standard input" : path, text);
    documents.push(...read.documents);
    problems.push(...read.problems);
  }
  return { documents, problems };
}

/** YAML or JSON, several documents or lists of them. */
export function parseDocuments(source: string, text: string): ReadDocuments {
  if (Buffer.byteLength(text) > maxFileBytes)
    return { documents: [], problems: [`${source}: over 3 MiB, which no API server takes`] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true });
  const documents: WrittenDocument[] = [];
  const problems: string[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const place = `${source}:${lines.linePos(firstContent(text, document.range[0])).line}`;
    const [error] = document.errors;
    if (error) {
      problems.push(`${source}:${lines.linePos(error.pos[0]).line}: ${wordsOf(error)}`);
      continue;
    }
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: maxAliases });
    } catch (cause) {
      problems.push(`${place}: ${wordsOf(cause)}`);
      continue;
    }
    for (const item of flatten(value)) {
      const problem = problemOf(item);
      if (problem === undefined) documents.push({ place, object: item as DocumentObject });
      else problems.push(`${place}: ${problem}`);
    }
  }
  return { documents, problems };
}

function expand(path: string): readonly string[] {
  if (path === "-") return [path];
  if (/^https?:/.test(path))
    throw new CliError(
      "usage",
      `${path}: only files are read`,
      `curl -fsS ${path} | weft apply -f -`,
    );
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (cause) {
    throw new CliError("failed", `${path}: no such file or folder`, undefined, cause);
  }
  if (!isFolder) return [path];
  const files = readdirSync(path)
    .filter((name) => suffixes.has(extname(name)))
    .sort()
    .map((name) => join(path, name));
  if (files.length === 0)
    throw new CliError("failed", `${path}: no .yaml, .yml or .json file in this folder`);
  return files;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CliError("failed", `${path} cannot be read`, undefined, cause);
  }
}

/** `kind: List` and its like are their items; an empty document is nothing. */
function flatten(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "object" && "kind" in value && "items" in value) {
    const { kind, items } = value as { kind: unknown; items: unknown };
    if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) return items;
  }
  return [value];
}

function problemOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "expected an object with apiVersion, kind and metadata";
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== "string" || apiVersion === "")
    return "apiVersion is missing, for example networking.istio.io/v1";
  if (typeof kind !== "string" || kind === "") return "kind is missing, for example VirtualService";
  const { name, namespace } = (metadata ?? {}) as { name?: unknown; namespace?: unknown };
  if (typeof name !== "string" || name === "") return `${kind}: metadata.name is missing`;
  for (const [field, part] of Object.entries({ name, namespace })) {
    const problem = typeof part === "string" ? namePartProblem(part) : undefined;
    if (problem !== undefined) return `${kind}: metadata.${field} "${part}" ${problem}`;
  }
  return undefined;
}

/** The parser goes down level by level, and says so in the engine's words when there is no room for one more. */
const wordsOf = (cause: unknown): string => {
  const [text = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  return text.includes("call stack") ? "lists and maps are nested too deeply" : text;
};

/** Skips blank lines, comments and separators, so that a place is where a person would look. */
function firstContent(text: string, from: number): number {
  const [blank = ""] = /^(?:\s*(?:#[^\n]*|---[^\n]*)?\n)*\s*/.exec(text.slice(from)) ?? [];
  return Math.min(from + blank.length, text.length);
}
