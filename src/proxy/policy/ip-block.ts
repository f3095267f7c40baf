/** Tests addresses against one IP or CIDR. Throws RangeError when it is neither. */
export function compileIpBlock(cidr: string): (address: string) => boolean {
  const slash = cidr.indexOf("/");
  const network = addressBytes(slash === -1 ? cidr : cidr.slice(0, slash));
  if (network === undefined) throw new RangeError(`not an address or CIDR: ${cidr}`);
  const most = network.length * 8;
  const bits = slash === -1 ? most : Number(cidr.slice(slash + 1));
  if (!Number.isInteger(bits) || bits < 0 || bits > most)
    throw new RangeError(`the prefix of ${cidr} is not 0 to ${most}`);
  return (address) => {
    const bytes = addressBytes(address);
    return (
      bytes !== undefined && bytes.length === network.length && samePrefix(bytes, network, bits)
    );
  };
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let i = 0; i * 8 < bits; i++) {
    const rest = Math.min(8, bits - i * 8);
    const mask = (0xff << (8 - rest)) & 0xff;
    if (((a[i] ?? 0) & mask) !== ((b[i] ?? 0) & mask)) return false;
  }
  return true;
}

/** 4 or 16 bytes in network order; an IPv4 address inside IPv6 (`::ffff:a.b.c.d`) is 4 bytes. */
export function addressBytes(text: string): Uint8Array | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  const four = mapped?.[1] ?? text;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(four)) {
    const parts = four.split(".").map(Number);
    return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined;
  }
  return text.includes(":") ? ipv6Bytes(text) : undefined;
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const bytes = new Uint8Array(16);
  for (const [i, group] of all.entries()) {
    const value = Number.parseInt(group, 16);
    bytes[i * 2] = value >> 8;
    bytes[i * 2 + 1] = value & 0xff;
  }
  return bytes;
}
