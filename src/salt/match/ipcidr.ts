import { PyTuple, str, type PyDict, type Value } from "../../python/index.ts";

/** An address as bytes' worth of one integer. */
interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/**
 * Salt's ipcidr matcher: whether the `ipv4` or `ipv6` grain holds the address, or an address in the network. A network with host
 * bits set is no network, as in Python's `ipaddress.ip_network(strict=True)`. `undefined` for a target that is neither.
 */
export function ipcidrMatch(grains: PyDict, target: string): boolean | undefined {
  const address = parseAddress(target);
  if (address !== undefined) {
    const grain = grains.get(`ipv${address.version}`);
    if (grain === undefined) return false;
    const printed = printAddress(address, target);
    if (typeof grain === "string") return grain.includes(printed);
    return itemsOf(grain).some((item) => item === printed);
  }
  const network = parseNetwork(target);
  if (network === undefined) return undefined;
  const grain = grains.get(`ipv${network.version}`);
  if (grain === undefined) return false;
  const size = network.version === 4 ? 32n : 128n;
  const shift = size - BigInt(network.prefix);
  return itemsOf(grain).some((item) => {
    const candidate = parseAddress(str(item));
    return candidate !== undefined && candidate.version === network.version && candidate.value >> shift === network.value >> shift;
  });
}

function itemsOf(grain: Value): readonly Value[] {
  if (Array.isArray(grain)) return grain;
  return grain instanceof PyTuple ? grain.items : [grain];
}

function parseAddress(text: string): Address | undefined {
  const four = parseFour(text);
  if (four !== undefined) return { version: 4, value: four };
  const six = parseSix(text.split("%", 1)[0] ?? "");
  if (six === undefined || !/^[^%]*(?:%[^%]+)?$/.test(text)) return undefined;
  return { version: 6, value: six };
}

/** Four decimal numbers without leading zeros. */
function parseFour(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseSix(text: string): bigint | undefined {
  let source = text;
  const lastColon = source.lastIndexOf(":");
  if (source.includes(".")) {
    const four = parseFour(source.slice(lastColon + 1));
    if (four === undefined || lastColon < 0) return undefined;
    source = `${source.slice(0, lastColon + 1)}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  }
  const halves = source.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "");
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => BigInt(`0x${group}`));
}

/** Python's canonical form: the longest run of zero groups as `::`, lower case. */
function printAddress(address: Address, source: string): string {
  if (address.version === 4) return source;
  const groups = Array.from({ length: 8 }, (_, index) => ((address.value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  const zone = source.includes("%") ? source.slice(source.indexOf("%")) : "";
  if (best.start < 0) return groups.join(":") + zone;
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}${zone}`;
}

function parseNetwork(text: string): (Address & { readonly prefix: number }) | undefined {
  const parts = text.split("/");
  const address = parts.length === 2 && !text.includes("%") ? parseAddress(parts[0] ?? "") : undefined;
  if (address === undefined) return undefined;
  const size = address.version === 4 ? 32 : 128;
  const prefix = parsePrefix(parts[1] ?? "", address.version, size);
  if (prefix === undefined) return undefined;
  const hostBits = (1n << BigInt(size - prefix)) - 1n;
  return (address.value & hostBits) === 0n ? { ...address, prefix } : undefined;
}

/** A length, or for IPv4 a netmask or hostmask. */
function parsePrefix(text: string, version: 4 | 6, size: number): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) <= size ? Number(text) : undefined;
  const mask = version === 4 ? parseFour(text) : undefined;
  if (mask === undefined) return undefined;
  for (let prefix = 0; prefix <= 32; prefix++) {
    const host = (1n << BigInt(32 - prefix)) - 1n;
    if (mask === (0xffffffffn ^ host)) return prefix;
  }
  for (let prefix = 0; prefix <= 32; prefix++) if (mask === (1n << BigInt(32 - prefix)) - 1n) return prefix;
  return undefined;
}
