import type { ProxyView, SyncColumn } from "#control/proxy-view.ts";
import { type Category, finding } from "./finding.ts";
import { isLoopback, type ListeningSocket } from "./listening-sockets.ts";

/** What proxies have been sent and said. */
export function checkProxies(proxies: readonly ProxyView[], version: string): Category {
  const nameOf = ({ namespace, name }: ProxyView) => `${namespace}/${name}`;
  const withStatus = (status: string) =>
    proxies.flatMap((proxy) =>
      Object.entries(proxy.sync)
        .filter(([, sync]) => sync.status === status)
        .map(([type, { error }]) => `${nameOf(proxy)} ${type as SyncColumn}: ${error ?? status}`),
    );
  const old = proxies.filter((proxy) => proxy.version !== version);
  return {
    name: "weft-proxies",
    findings: [
      finding(
        "proxies-connected",
        `proxies are connected: ${proxies.length}`,
        "warning",
        proxies.length > 0 ? [] : ["start a workload: weft run --name web --port 8080 -- COMMAND"],
      ),
      finding("proxies-accept", "no proxy refuses its configuration", "error", withStatus("ERROR")),
      finding(
        "proxies-in-sync",
        "every proxy runs what it was sent",
        "warning",
        withStatus("STALE"),
      ),
      finding(
        "proxies-same-version",
        "every proxy is of this version",
        "warning",
        old.map((proxy) => `${nameOf(proxy)} is ${proxy.version}; start it again`),
      ),
    ],
  };
}

/**
 * In explicit mode nothing forces traffic through a proxy: an application that listens beyond loopback is open to whoever
 * reaches the host, whatever the policies say.
 */
export function checkApplications(
  proxies: readonly ProxyView[],
  sockets: readonly ListeningSocket[],
): Category {
  const local = proxies.filter(({ addresses }) =>
    sockets.some((socket) => isAdmin(socket, addresses.admin)),
  );
  const exposed: string[] = [];
  const silent: string[] = [];
  for (const { namespace, name, addresses } of local) {
    for (const { workloadPort } of addresses.inbound) {
      const own = sockets.filter(({ port }) => port === workloadPort);
      if (own.length === 0)
        silent.push(
          `${namespace}/${name}: nothing listens on port ${workloadPort}; is the application up?`,
        );
      for (const socket of own.filter((each) => !isLoopback(each)))
        exposed.push(
          `${namespace}/${name} listens on ${socket.address}:${workloadPort}; let it listen on 127.0.0.1`,
        );
    }
  }
  return {
    name: "weft-applications",
    findings: [
      finding(
        "applications-on-loopback",
        "no application can be reached around its proxy",
        "warning",
        exposed,
      ),
      finding("applications-listen", "every application listens on its ports", "warning", silent),
    ],
  };
}

const isAdmin = ({ port }: ListeningSocket, admin: string): boolean => admin.endsWith(`:${port}`);
