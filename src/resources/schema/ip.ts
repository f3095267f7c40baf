const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const hexGroup = /^[0-9a-fA-F]{1,4}$/;

/** 4, 6, or 0 when the text is not an IP address. */
export function ipVersion(text: string): 4 | 6 | 0 {
  if (ipv4.test(text)) return 4;
  return isIpv6(text) ? 6 : 0;
}

export function isIP(text: string): boolean {
  return ipVersion(text) !== 0;
}

/** An address, or an address and a prefix length. */
export function isCidr(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  const version = ipVersion(address);
  if (version === 0 || rest.length > 0) return false;
  if (length === undefined) return true;
  return /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128);
}

/** With a prefix length: a single address is a network of one. */
export function asCidr(text: string): string {
  if (text.includes("/")) return text;
  return `${text}/${ipVersion(text) === 4 ? 32 : 128}`;
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const [left = "", right = ""] = halves;
  const groups = [...groupsOf(left), ...groupsOf(right)];
  const last = groups.at(-1);
  const mapped = last !== undefined && ipv4.test(last);
  const size = groups.length + (mapped ? 1 : 0);
  const hex = mapped ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => hexGroup.test(group))) return false;
  return halves.length === 2 ? size <= 7 : size === 8;
}

function groupsOf(half: string): readonly string[] {
  return half === "" ? [] : half.split(":");
}
