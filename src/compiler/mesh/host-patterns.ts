/** Every pattern that covers a host, narrowest first: `a.b.c`, `*.b.c`, `*.c`, `*`. */
export function* hostPatterns(host: string): Generator<string> {
  yield host;
  const name = host.startsWith("*.") ? host.slice(2) : host;
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1))
    yield `*${name.slice(dot)}`;
  if (host !== "*") yield "*";
}
