/** The static table of RFC 7541 appendix A, as lines. */
import { Buffer } from "node:buffer";
import { inspected, inspectName, inspectValue } from "./field-flags.ts";

const ENTRIES = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`
  .split("\n")
  .map((line): readonly [name: string, value: string] => {
    const space = line.indexOf(" ");
    return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
  });

export const STATIC_COUNT = ENTRIES.length;

/** Names and values by index; place 0 is empty. */
export const STATIC_ENTRIES: readonly (readonly [name: string, value: string])[] = [
  ["", ""],
  ...ENTRIES,
];

/** By index from 1 on, in the form of `DynamicTable`. */
export const STATIC_TABLE = buildTable();

function buildTable() {
  const bytes = Buffer.from(
    STATIC_ENTRIES.map(([name, value]) => `${name}: ${value}\r\n`).join(""),
    "latin1",
  );
  const starts = new Int32Array(STATIC_COUNT + 1);
  const nameLengths = new Int32Array(STATIC_COUNT + 1);
  const valueLengths = new Int32Array(STATIC_COUNT + 1);
  const hashes = new Int32Array(STATIC_COUNT + 1);
  const flags = new Int32Array(STATIC_COUNT + 1);
  let at = 0;
  for (const [index, [name, value]] of STATIC_ENTRIES.entries()) {
    starts[index] = at;
    nameLengths[index] = name.length;
    valueLengths[index] = value.length;
    flags[index] =
      inspectName(bytes, at, name.length) | inspectValue(bytes, at + name.length + 2, value.length);
    hashes[index] = inspected.hash;
    at += name.length + value.length + 4;
  }
  return { bytes, starts, nameLengths, valueLengths, hashes, flags };
}
