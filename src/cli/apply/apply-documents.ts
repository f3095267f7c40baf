// All or nothing as far as it can be known before: every document is tried first, and only when the API would take all of
// them is any written. What only shows as they are written (two documents that contradict each other) leaves the others.

import type { AppliedObject } from "#control/liveness/live-world.ts";
import { kindKey, type ResourceKind } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import { validateObject } from "#resources/validate.ts";
import { type ApiClient, ApiError } from "../api/api-client.ts";
import { kindOfDocument, qualifiedName, resourcePath } from "../api/resource-path.ts";
import { CliError } from "../cli-error.ts";
import type { WrittenDocument } from "./read-documents.ts";

export interface ApplyDocumentsOptions {
  /** For documents that name none. */
  readonly namespace: string;
  readonly forceConflicts: boolean;
  readonly dryRun: boolean;
}

export interface Outcome {
  readonly word: "created" | "configured" | "unchanged";
  readonly object: Resource;
  /** Undefined for kinds that no proxy is affected by. */
  readonly applied: AppliedObject;
  /** `virtualservice.networking.istio.io/payments` */
  readonly title: string;
}

export interface Applied {
  readonly outcomes: readonly Outcome[];
  readonly warnings: readonly string[];
  /** One entry per document that was refused. With outcomes beside them, those were applied. */
  readonly refusals: readonly string[];
}

interface Target {
  readonly document: WrittenDocument;
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly path: string;
}

/** Throws CliError `connection`; refusals by the API are in the result. */
export async function applyDocuments(
  api: ApiClient,
  documents: readonly WrittenDocument[],
  options: ApplyDocumentsOptions,
): Promise<Applied> {
  const refusals: string[] = [];
  const targets: Target[] = [];
  for (const document of documents) {
    const target = await guarded(document, refusals, async () =>
      locate(document, options.namespace),
    );
    if (target) targets.push(target);
  }
  const ordered = targets.sort((a, b) => rank(a.kind) - rank(b.kind));
  const coming = new Set(
    ordered.filter(isNamespace).map(({ document }) => document.object.metadata.name),
  );
  for (const target of ordered)
    await guarded(target.document, refusals, () => rehearse(api, target, options, coming));
  if (refusals.length > 0) return { outcomes: [], warnings: [], refusals };
  return await write(api, ordered, options);
}

async function write(
  api: ApiClient,
  targets: readonly Target[],
  options: ApplyDocumentsOptions,
): Promise<Applied> {
  const outcomes: Outcome[] = [];
  const warnings = new Set<string>();
  const refusals: string[] = [];
  for (const target of targets) {
    await guarded(target.document, refusals, async () => {
      const before = await current(api, target);
      const answer = await send(api, target, options, options.dryRun);
      for (const warning of answer.warnings) warnings.add(warning);
      outcomes.push(outcomeOf(target, before, answer.body as Resource));
    });
  }
  return { outcomes, warnings: [...warnings], refusals };
}

/** What others live in or point at comes first, whatever the order of files: so no route waits for its subset. */
const firstKinds = [
  "Namespace",
  "ServiceAccount",
  "Secret",
  "Service",
  "ServiceEntry",
  "WorkloadEntry",
  "DestinationRule",
];

function rank({ kind }: ResourceKind): number {
  const place = firstKinds.indexOf(kind);
  return place < 0 ? firstKinds.length : place;
}

const isNamespace = ({ kind }: Target): boolean => kind.group === "" && kind.kind === "Namespace";

function locate(document: WrittenDocument, defaultNamespace: string): Target {
  const { apiVersion, kind: word, metadata } = document.object;
  const kind = kindOfDocument(apiVersion, word);
  const namespace = kind.namespaced ? (metadata.namespace ?? defaultNamespace) : undefined;
  const version = apiVersion.split("/").at(-1) ?? "";
  return {
    document,
    kind,
    namespace,
    path: resourcePath(kind, { namespace, version, name: metadata.name }),
  };
}

async function rehearse(
  api: ApiClient,
  target: Target,
  options: ApplyDocumentsOptions,
  coming: ReadonlySet<string>,
): Promise<void> {
  try {
    await send(api, target, options, true);
  } catch (cause) {
    const waits =
      cause instanceof ApiError && cause.status === 404 && coming.has(target.namespace ?? "");
    if (!waits) throw cause;
    checkAlone(target); // its namespace is in one of the files, so the API cannot be asked yet
  }
}

function checkAlone({ document, kind, namespace = "" }: Target): void {
  const { metadata } = document.object;
  const object = { ...document.object, metadata: { namespace, ...metadata } } as Resource;
  const issues = validateObject(kind, object);
  if (issues.length === 0) return;
  const reasons = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new CliError("failed", `${kind.kind} "${metadata.name}" is invalid: ${reasons}`);
}

function send(
  api: ApiClient,
  { document, path }: Target,
  { forceConflicts }: ApplyDocumentsOptions,
  dryRun: boolean,
) {
  return api.request("PATCH", path, {
    body: JSON.stringify(document.object),
    contentType: "application/apply-patch+yaml",
    query: {
      fieldManager: "weft",
      fieldValidation: "Strict",
      ...(forceConflicts ? { force: "true" } : {}),
      ...(dryRun ? { dryRun: "All" } : {}),
    },
  });
}

async function current(api: ApiClient, { path }: Target): Promise<Resource | undefined> {
  try {
    return (await api.request("GET", path)).body as Resource;
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 404) return undefined;
    throw cause;
  }
}

function outcomeOf({ kind }: Target, before: Resource | undefined, object: Resource): Outcome {
  const { name, namespace = "", uid = "", generation = 0, resourceVersion } = object.metadata;
  const isSame = before?.metadata.resourceVersion === resourceVersion;
  const known = isSame ? "unchanged" : "configured";
  return {
    word: before ? known : "created",
    object,
    applied: { kind: kindKey(kind), namespace, name, uid, generation },
    title: `${qualifiedName(kind)}/${name}`,
  };
}

/** Runs one document's work; a refusal is noted with the document's place and the work of others goes on. */
async function guarded<T>(
  document: WrittenDocument,
  refusals: string[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CliError) || cause.code === "connection") throw cause;
    const hint = hintOf(cause);
    refusals.push(`${document.place}: ${cause.message}${hint === undefined ? "" : ` (${hint})`}`);
    return undefined;
  }
}

function hintOf(cause: CliError): string | undefined {
  const isOthersField = cause instanceof ApiError && cause.status === 409;
  return isOthersField ? "to take the fields over: --force-conflicts" : cause.hint;
}
