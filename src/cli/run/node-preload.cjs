// Loaded into Node applications by `weft run` through NODE_OPTIONS. Node before 22.21 (and 23, 24.0 to 24.4) does not
// obey HTTP_PROXY: this sends plain `http:` requests of node:http and of fetch to the proxy, in absolute form. Newer
// Nodes do it themselves (NODE_USE_ENV_PROXY), and Bun always did: there it does nothing.
"use strict";

function main() {
  const proxyUrl = process.env.http_proxy || process.env.HTTP_PROXY;
  if (!proxyUrl || process.versions.bun || obeysTheVariables(process.versions.node)) return;
  const proxy = new URL(proxyUrl);
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const target = {
    hostname: proxy.hostname,
    port: Number(proxy.port || 80),
    origin: proxy.origin,
    authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
  };
  const isExempt = exemption(process.env.no_proxy || process.env.NO_PROXY || "");
  patchHttp(target, isExempt);
  patchFetch(target, isExempt);
}

function obeysTheVariables(version) {
  const [major, minor] = version.split(".").map(Number);
  return (major === 22 && minor >= 21) || (major === 24 && minor >= 5) || major > 24;
}

/** NO_PROXY as curl reads it: `*`, a host, or a domain that also covers what is below it. */
function exemption(list) {
  const names = list
    .split(",")
    .map((name) =>
      name
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ""),
    )
    .filter((name) => name !== "");
  return (host) => {
    const wanted = host.toLowerCase().replace(/^\[|\]$/g, "");
    return names.some((name) => name === "*" || name === wanted || wanted.endsWith(`.${name}`));
  };
}

function patchHttp(target, isExempt) {
  const http = require("node:http");
  const { request } = http;
  http.request = function weftRequest(...args) {
    return request.apply(this, viaProxy(http, args, target, isExempt));
  };
  http.get = function weftGet(...args) {
    const outgoing = http.request(...args);
    outgoing.end();
    return outgoing;
  };
  require("node:module").syncBuiltinESMExports(); // `import { request } from "node:http"` sees it too
}

/** http.request's arguments, (url, options, callback) in all their forms, turned towards the proxy. */
function viaProxy(http, args, target, isExempt) {
  const rest = [...args];
  const callback = typeof rest.at(-1) === "function" ? rest.pop() : undefined;
  const isUrl = typeof rest[0] === "string" || rest[0] instanceof URL;
  const url = isUrl ? new URL(rest[0]) : undefined;
  const given = (url ? rest[1] : rest[0]) || {};
  const options = { ...(url ? fromUrl(url) : {}), ...given };
  const hostname = String(options.hostname || options.host || "localhost");
  const bypass =
    (options.protocol && options.protocol !== "http:") ||
    options.socketPath ||
    options.createConnection ||
    (options.agent &&
      options.agent !== http.globalAgent &&
      options.agent.constructor !== http.Agent) ||
    isExempt(hostname);
  if (bypass) return args;

  const port = Number(options.port || options.defaultPort || 80);
  const bare = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
  const authority = port === 80 ? bare : `${bare}:${port}`;
  const path = options.path || "/";
  const headers = withHeader(options.headers, "Host", authority, false);
  const turned = {
    ...options,
    host: target.hostname,
    hostname: target.hostname,
    port: target.port,
    path: path.startsWith("http:") ? path : `http://${authority}${path}`,
    headers: withHeader(headers, "Proxy-Authorization", target.authorization, true),
    setHost: false,
  };
  return callback ? [turned, callback] : [turned];
}

function fromUrl(url) {
  const options = {
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port,
    path: `${url.pathname}${url.search}`,
  };
  if (url.username)
    options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return options;
}

function withHeader(headers, name, value, overwrite) {
  if (Array.isArray(headers)) {
    const pairs = Array.isArray(headers[0]) ? headers.flat() : [...headers];
    const at = pairs.findIndex((entry, index) => index % 2 === 0 && same(entry, name));
    if (at < 0) pairs.push(name, value);
    else if (overwrite) pairs[at + 1] = value;
    return pairs;
  }
  const known = Object.keys(headers || {}).find((key) => same(key, name));
  if (known !== undefined && !overwrite) return headers;
  const copy = { ...headers };
  if (known !== undefined) delete copy[known];
  copy[name] = value;
  return copy;
}

const same = (a, b) => String(a).toLowerCase() === b.toLowerCase();

/**
 * Node's fetch is undici, whose dispatcher stands under a well-known symbol once undici is loaded. Loading it costs
 * milliseconds, so that is left to the application's first fetch.
 */
function patchFetch(target, isExempt) {
  const original = globalThis.fetch;
  if (typeof original !== "function") return;
  let patched = false;
  globalThis.fetch = function fetch(input, init) {
    if (!patched) {
      patched = true;
      original("data:,").catch(() => undefined); // loads undici
      turnDispatcher(target, isExempt);
    }
    return original(input, init);
  };
}

function turnDispatcher(target, isExempt) {
  const key = Symbol.for("undici.globalDispatcher.1");
  const real = globalThis[key];
  if (!real) return;
  const turned = Object.create(real);
  turned.dispatch = (options, handler) => {
    const origin = new URL(String(options.origin));
    if (origin.protocol !== "http:" || isExempt(origin.hostname))
      return real.dispatch(options, handler);
    const headers = [...pairsOf(options.headers), "host", origin.host];
    headers.push("proxy-authorization", target.authorization);
    const path = `${origin.origin}${options.path}`;
    return real.dispatch({ ...options, origin: target.origin, path, headers }, handler);
  };
  globalThis[key] = turned;
}

/** undici's header forms (flat list, pairs, object) as a flat list without Host. */
function pairsOf(headers) {
  if (!headers) return [];
  let pairs;
  if (Array.isArray(headers)) pairs = chunk(headers);
  else pairs = headers[Symbol.iterator] ? [...headers] : Object.entries(headers);
  return pairs.filter(([name]) => !same(name, "host")).flat();
}

const chunk = (flat) =>
  Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);

main();
