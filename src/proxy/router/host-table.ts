/**
 * Finds the virtual host of an authority: exact `host:port` (and `host`, which means port 80), the same completed by a
 * search domain, the longest suffix wildcard, `*`. A request costs one look-up however many hosts there are: an authority
 * that is a domain as it stands leads straight to its host, and what others led to is remembered. Hosts that nobody calls are
 * not made ready.
 */
export class HostTable<S, T> {
  /** Domain → where in `#hosts` it leads. */
  #exact = new Map<string, number>();
  #suffixes = new Map<string, number>();
  #any: number | undefined;
  #hosts: S[] = [];
  /** In the places of `#hosts`; holes where nobody asked. */
  readonly #ready: T[] = [];
  readonly #searchDomains: readonly string[];
  readonly #makeReady: (host: S) => T;
  readonly #remembered = new Map<string, T | undefined>();

  /** `makeReady` is called once for a host that an authority names as it stands, else whenever what it leads to is not remembered. */
  constructor(searchDomains: readonly string[], makeReady: (host: S) => T) {
    this.#searchDomains = searchDomains.map((domain) => domain.toLowerCase());
    this.#makeReady = makeReady;
  }

  /** The first claim of a domain stays. */
  add(domains: readonly string[], host: S): void {
    const at = this.#hosts.push(host) - 1;
    for (const written of domains) {
      const domain = written.toLowerCase();
      if (domain === "*") this.#any ??= at;
      else if (domain.startsWith("*")) setOnce(this.#suffixes, domain.slice(1), at);
      else setOnce(this.#exact, domain, at);
    }
  }

  /**
   * A table of other hosts, as many and in the order in which those of this one were added, with the same domains, which the
   * two share: nothing must be added to either afterwards.
   */
  withHosts(hosts: readonly S[]): HostTable<S, T> {
    const table = new HostTable<S, T>(this.#searchDomains, this.#makeReady);
    table.#exact = this.#exact;
    table.#suffixes = this.#suffixes;
    table.#any = this.#any;
    table.#hosts = [...hosts];
    return table;
  }

  /** `authority` in lower case. */
  find(authority: string): T | undefined {
    const at = this.#exact.get(authority);
    if (at !== undefined && !hasOtherForms(authority)) return this.#readyAt(at);
    return this.#findRemembered(authority);
  }

  #readyAt(at: number): T {
    const known = this.#ready[at];
    if (known !== undefined) return known;
    const ready = this.#makeReady(this.#hosts[at] as S);
    this.#ready[at] = ready;
    return ready;
  }

  #findRemembered(authority: string): T | undefined {
    const known = this.#remembered.get(authority);
    if (known !== undefined || this.#remembered.has(authority)) return known;
    const at = this.#search(authority);
    const host = at === undefined ? undefined : this.#hosts[at];
    const found = host === undefined ? undefined : this.#makeReady(host);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(authority, found);
    return found;
  }

  #search(authority: string): number | undefined {
    const { host, port } = splitAuthority(authority);
    const absolute = host.endsWith(".");
    const name = absolute ? host.slice(0, -1) : host;
    const direct = this.#exactly(name, port);
    if (direct !== undefined) return direct;
    if (!absolute && !isAddress(name)) {
      for (const domain of this.#searchDomains) {
        const completed = this.#exactly(`${name}.${domain}`, port);
        if (completed !== undefined) return completed;
      }
    }
    return this.#bySuffix(name, port) ?? this.#any;
  }

  #exactly(name: string, port: string | undefined): number | undefined {
    if (port !== undefined && port !== "80") return this.#exact.get(`${name}:${port}`);
    return this.#exact.get(name) ?? this.#exact.get(`${name}:80`);
  }

  #bySuffix(name: string, port: string | undefined): number | undefined {
    for (let at = name.indexOf(".", 1); at !== -1; at = name.indexOf(".", at + 1)) {
      const suffix = name.slice(at);
      const found =
        port === undefined || port === "80"
          ? (this.#suffixes.get(suffix) ?? this.#suffixes.get(`${suffix}:80`))
          : this.#suffixes.get(`${suffix}:${port}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** `host:80` is `host` before it is itself, and a dot at the end is not part of a domain. */
function hasOtherForms(authority: string): boolean {
  return authority.endsWith(":80") || authority.endsWith(".");
}

/** A client may send any Host: what is remembered is bounded. */
const MAX_REMEMBERED = 4096;

function setOnce<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}

/** `host:port` in its parts; an IPv6 address keeps its brackets. */
export function splitAuthority(authority: string): {
  readonly host: string;
  readonly port: string | undefined;
} {
  const colon = authority.lastIndexOf(":");
  if (colon === -1 || authority.endsWith("]")) return { host: authority, port: undefined };
  return { host: authority.slice(0, colon), port: authority.slice(colon + 1) };
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
