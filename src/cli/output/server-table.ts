import type { ApiClient } from "../api/api-client.ts";
import { formatTable } from "./table.ts";

/** `meta.k8s.io/v1` Table, as far as it is shown. */
export interface ServerTable {
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly priority: number;
  }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly object: { readonly metadata: { readonly namespace?: string } };
  }[];
}

/** The table that the API server makes of a list or an object. Throws CliError. */
export async function fetchTable(
  api: ApiClient,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<ServerTable> {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const { body } = await api.request("GET", path, { query, accept });
  return body as ServerTable;
}

export function formatServerTable(
  { columnDefinitions, rows }: ServerTable,
  options: { readonly wide: boolean; readonly withNamespace: boolean },
): string {
  type Row = ServerTable["rows"][number];
  const shown = columnDefinitions
    .map((definition, index) => ({ ...definition, index }))
    .filter(({ priority }) => options.wide || priority === 0)
    .map(({ name, index }) => ({
      title: name.toUpperCase(),
      cell: (row: Row) => cellText(row.cells[index]),
    }));
  const namespace = {
    title: "NAMESPACE",
    cell: ({ object }: Row) => object.metadata.namespace ?? "",
  };
  return formatTable(options.withNamespace ? [namespace, ...shown] : shown, rows);
}

const cellText = (value: unknown): string =>
  value === null || value === undefined || value === "" ? "<none>" : String(value);
