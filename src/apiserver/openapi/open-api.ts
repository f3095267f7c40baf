import { createHash } from "node:crypto";
import type { KindTable } from "../kinds/kind-table.ts";
import { apiVersionOf } from "../kinds/served-kind.ts";
import { makeV2 } from "./v2.ts";
import { encodeV2, OPENAPI_V2_PROTOBUF } from "./v2-protobuf.ts";
import { makeV3 } from "./v3.ts";

/** A document as it is sent, with a tag that changes when it does. */
export interface OpenApiDocument {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly hash: string;
}

export interface OpenApi {
  readonly v2: () => OpenApiDocument;
  readonly v2Protobuf: () => OpenApiDocument;
  /** `/openapi/v3`: where the documents are. */
  readonly index: () => OpenApiDocument;
  /** `api/v1`, `apis/<group>/<version>`. */
  readonly v3: (path: string) => OpenApiDocument | undefined;
}

/** Documents are made when they are first asked for: most runs of a control plane never see a client that does. */
export function makeOpenApi(table: KindTable): OpenApi {
  const paths = [...table.groups()].flatMap(([group, versions]) =>
    versions.map((version) => ({ path: pathOf(group, version), group, version })),
  );
  const byPath = new Map(
    paths.map(({ path, group, version }) => [
      path,
      once(() => json(makeV3(table, { group, version }))),
    ]),
  );
  return {
    v2: once(() => json(makeV2(table))),
    v2Protobuf: once(() => ({
      body: new Uint8Array(encodeV2(makeV2(table))),
      // The type that clients ask for is not one that they can read: `@` may not stand in it.
      contentType: OPENAPI_V2_PROTOBUF.replace("@", "."),
    })),
    index: once(() => json({ paths: Object.fromEntries([...byPath].map(describe)) })),
    v3: (path) => byPath.get(path)?.(),
  };
}

function pathOf(group: string, version: string): string {
  return group === "" ? `api/${version}` : `apis/${apiVersionOf({ group }, version)}`;
}

function describe([path, document]: [string, () => OpenApiDocument]): [string, unknown] {
  const serverRelativeURL = `/openapi/v3/${path}?hash=${document().hash}`;
  return [path, { serverRelativeURL }];
}

type Content = Omit<OpenApiDocument, "hash">;

function json(value: unknown): Content {
  return { body: JSON.stringify(value), contentType: "application/json" };
}

function once(make: () => Content): () => OpenApiDocument {
  let made: OpenApiDocument | undefined;
  return () => {
    if (made) return made;
    const content = make();
    const hash = createHash("sha256").update(content.body).digest("hex").toUpperCase();
    made = { ...content, hash };
    return made;
  };
}
