import type { VirtualHost } from "#config/route.ts";

/**
 * Every name under which each host is found. Our own proxies complete short names when a request comes; an Envoy has to
 * be told all of them, and each only once: a full name wins over a completed one, an earlier search domain over a later.
 */
export function hostDomains(
  hosts: readonly VirtualHost[],
  searchDomains: readonly string[],
): ReadonlyMap<VirtualHost, readonly string[]> {
  const claims = new Map<string, { readonly host: VirtualHost; readonly rank: number }>();
  const claim = (domain: string, host: VirtualHost, rank: number): void => {
    const before = claims.get(domain);
    if (before === undefined || rank < before.rank) claims.set(domain, { host, rank });
  };
  for (const host of hosts)
    for (const written of host.domains)
      for (const domain of withDefaultPort(written.toLowerCase())) {
        claim(domain, host, 0);
        searchDomains.forEach((suffix, i) => {
          const short = shortened(domain, suffix);
          if (short !== undefined) claim(short, host, i + 1);
        });
      }
  const domains = new Map<VirtualHost, string[]>(hosts.map((host) => [host, []]));
  for (const [domain, { host }] of claims) domains.get(host)?.push(domain);
  return domains;
}

/** A name without a port means port 80. */
function withDefaultPort(domain: string): readonly string[] {
  if (domain === "*") return [domain];
  if (domain.endsWith(":80")) return [domain, domain.slice(0, -":80".length)];
  return /:\d+$/.test(domain) ? [domain] : [domain, `${domain}:80`];
}

/** `payments.shop.svc.cluster.local:9090` is `payments:9090` within `shop.svc.cluster.local`. */
function shortened(domain: string, suffix: string): string | undefined {
  if (domain.startsWith("*")) return undefined;
  const [, host = "", port = ""] = /^(.*?)(:\d+)?$/.exec(domain) ?? [];
  const end = `.${suffix.toLowerCase()}`;
  return host.endsWith(end) && host.length > end.length
    ? `${host.slice(0, -end.length)}${port}`
    : undefined;
}
