import type { StatRow } from "#control/debug-routes.ts";
import type { ProxyView } from "#control/proxy-view.ts";
import type { ApiClient } from "./api-client.ts";

/** Every connected proxy. Throws CliError. */
export async function fetchProxies(api: ApiClient): Promise<readonly ProxyView[]> {
  const { body } = await api.request("GET", "/weft/v1/proxies");
  return (body as { items: readonly ProxyView[] }).items;
}

/** Golden signals of the last `window` seconds (1 to 120), or since the control plane started. Throws CliError. */
export async function fetchStat(
  api: ApiClient,
  window: number | "total",
  byCaller: boolean,
): Promise<readonly StatRow[]> {
  const query = { window: `${window}`, ...(byCaller ? { by: "caller" } : {}) };
  const { body } = await api.request("GET", "/weft/v1/stat", { query });
  return (body as { items: readonly StatRow[] }).items;
}
