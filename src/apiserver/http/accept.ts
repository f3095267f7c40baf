import { ApiError } from "../errors/api-error.ts";

/** The form in which the client wants objects. */
export type Form = "object" | "table" | "metadata";

export interface Accepted {
  readonly form: Form;
  /** Version of `meta.k8s.io` for tables and metadata. */
  readonly metaVersion: "v1" | "v1beta1";
  readonly encoding: "json" | "yaml";
}

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const AS_OBJECT: Accepted = { form: "object", metaVersion: "v1", encoding: "json" };
const FORMS: Readonly<Record<string, Form>> = {
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata",
};

/** The first form in the client's order that we have. Throws ApiError NotAcceptable. */
export function readAccept(header: string | null): Accepted {
  if (header === null || header.trim() === "") return AS_OBJECT;
  for (const range of readRanges(header)) {
    const accepted = accept(range);
    if (accepted) return accepted;
  }
  throw notAcceptable("application/json, application/yaml");
}

export function notAcceptable(types: string): ApiError {
  return new ApiError("NotAcceptable", `only the following media types are accepted: ${types}`);
}

function accept({ type, parameters }: MediaRange): Accepted | undefined {
  const encoding = encodingOf(type);
  if (!encoding) return undefined;
  const as = parameters.get("as");
  if (as === undefined) return { ...AS_OBJECT, encoding };
  const form = FORMS[as];
  const metaVersion = parameters.get("v");
  if (!form || parameters.get("g") !== "meta.k8s.io") return undefined;
  if (metaVersion !== "v1" && metaVersion !== "v1beta1") return undefined;
  return { form, metaVersion, encoding };
}

function encodingOf(type: string): "json" | "yaml" | undefined {
  if (type === "application/json" || type === "application/*" || type === "*/*") return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}

/** In the client's order of preference; equal ones as they stand. */
export function readRanges(header: string): readonly MediaRange[] {
  const ranges = header.split(",").map((text) => {
    const [type = "", ...rest] = text.split(";").map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const [name = "", value = ""] = part.split("=");
        return [name.toLowerCase(), value] as const;
      }),
    );
    const quality = Number(parameters.get("q") ?? "1");
    return { type: type.toLowerCase(), parameters, quality };
  });
  return ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
}
