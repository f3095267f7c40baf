// Client-side apply keeps what it applied in an annotation. These two functions let kubectl go over to server-side
// apply, and back, without conflicts with itself.
import type { JsonSchema } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import { compare } from "./compare.ts";
import { FieldSet } from "./field-set.ts";
import { ownedFields } from "./owned-fields.ts";
import { ShapeError } from "./shape.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
export const KUBECTL = "kubectl";

/** The fields that the annotation claims and that still are as it says: kubectl may take these without force. */
export function fieldsOfLastApplied(
  schema: JsonSchema,
  live: Resource,
  apiVersion: string,
): FieldSet {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (!text) return FieldSet.empty;
  try {
    const config: unknown = JSON.parse(text);
    if ((config as Resource | null)?.apiVersion !== apiVersion) return FieldSet.empty;
    const { added, modified, removed } = compare(schema, config, live);
    return ownedFields(schema, config).difference(modified).difference(added).difference(removed);
  } catch (error) {
    // The annotation is the user's text: when it is no configuration it claims nothing.
    if (error instanceof SyntaxError || error instanceof ShapeError) return FieldSet.empty;
    throw error;
  }
}

/** Brings the annotation up to date, where there is one. */
export function withLastApplied(object: Resource, config: Resource): Resource {
  const annotations = object.metadata.annotations;
  if (!annotations?.[LAST_APPLIED]) return object;
  const { [LAST_APPLIED]: _, ...own } = config.metadata.annotations ?? {};
  const metadata = { ...config.metadata, annotations: own };
  const said = config.metadata.annotations === undefined ? config : { ...config, metadata };
  const text = `${JSON.stringify(said)}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } },
  };
}
