import { isIPv4, isIPv6 } from "node:net";
import type { Declare } from "../functions.ts";
import { noOverload, opaque, opaqueOf, type CelAny } from "../opaque.ts";

interface Ip {
  readonly family: bigint;
  readonly bits: bigint;
}

interface Cidr extends Ip {
  readonly prefix: bigint;
}

/** Kubernetes' libraries of addresses and networks (apiserver/pkg/cel/library/ip.go, cidr.go). */
export function declareNetworks(declare: Declare): void {
  const { library } = declare;
  const numbers = (value: CelAny, type: string): Cidr => {
    const fields = declare.opaque(value, type);
    const [family, bits, prefix] = [fields.get("family"), fields.get("bits"), fields.get("prefix") ?? 0n];
    if (typeof family !== "bigint" || typeof bits !== "bigint" || typeof prefix !== "bigint") throw noOverload();
    return { family, bits, prefix };
  };
  const ip = (value: CelAny): Ip => (typeof value === "string" ? parsed(parseIp(value), value, "IP Address") : numbers(value, "ip"));
  const cidr = (value: CelAny): Cidr =>
    typeof value === "string" ? parsed(parseCidr(value), value, "network address") : numbers(value, "cidr");
  const makeIp = ({ family, bits }: Ip): CelAny => opaque(library, "ip", { family, bits });
  const makeCidr = ({ family, bits, prefix }: Cidr): CelAny => opaque(library, "cidr", { family, bits, prefix });
  declare.func("ip", 1, (text) => makeIp(ip(declare.text(text))));
  declare.func("isIP", 1, (text) => parseIp(declare.text(text)) !== undefined);
  declare.func("ip.isCanonical", 1, (text) => printIp(ip(declare.text(text))) === text);
  declare.method("family", 0, (value) => numbers(value, "ip").family);
  declare.func("cidr", 1, (text) => makeCidr(cidr(declare.text(text))));
  declare.func("isCIDR", 1, (text) => parseCidr(declare.text(text)) !== undefined);
  declare.method("ip", 0, (value) => makeIp(numbers(value, "cidr")));
  declare.method("prefixLength", 0, (value) => numbers(value, "cidr").prefix);
  declare.method("masked", 0, (value) => {
    const own = numbers(value, "cidr");
    return makeCidr({ ...own, bits: masked(own, own.prefix) });
  });
  declare.method("containsIP", 1, (value, other) => contains(numbers(value, "cidr"), ip(other)));
  declare.method("containsCIDR", 1, (value, other) => {
    const [own, within] = [numbers(value, "cidr"), cidr(other)];
    return within.prefix >= own.prefix && contains(own, within);
  });
  const unspecified = any("0.0.0.0/32", "::/128");
  const loopback = any("127.0.0.0/8", "::1/128");
  const linkMulticast = (address: Ip): boolean =>
    address.family === 4n
      ? any("224.0.0.0/24")(address)
      : (address.bits >> 112n) % 0x1_0000n === 0xff02n || ((address.bits >> 112n) & 0xff0fn) === 0xff02n;
  const linkUnicast = any("169.254.0.0/16", "fe80::/10");
  const multicast = any("224.0.0.0/4", "ff00::/8");
  const broadcast = any("255.255.255.255/32");
  const is = (name: string, test: (address: Ip) => boolean): void => declare.method(name, 0, (value) => test(numbers(value, "ip")));
  is("isUnspecified", unspecified);
  is("isLoopback", loopback);
  is("isLinkLocalMulticast", linkMulticast);
  is("isLinkLocalUnicast", linkUnicast);
  is("isGlobalUnicast", (address) => ![unspecified, loopback, multicast, linkUnicast, broadcast].some((test) => test(address)));
  const { celFunc, CelScalar, mapType } = library.cel;
  declare.functions.push(
    celFunc("string", [mapType(CelScalar.DYN, CelScalar.DYN)], CelScalar.STRING, (value: CelAny) => {
      if (opaqueOf(library, value, "ip") !== undefined) return printIp(numbers(value, "ip"));
      const own = numbers(value, "cidr");
      return `${printIp(own)}/${own.prefix}`;
    }),
  );
}

/** The functions of Go that have parsed it. */
const GO: Readonly<Record<string, string>> = { "IP Address": "ParseAddr", "network address": "netip.ParsePrefix" };

function parsed<T>(value: T | undefined, text: string, what: string): T {
  if (value === undefined)
    throw new Error(
      `${what} ${JSON.stringify(text)} parse error during conversion from string: ${GO[what] ?? ""}(${JSON.stringify(text)}): ${what === "IP Address" ? "unable to parse IP" : "no '/'"}`,
    );
  return value;
}

function parseIp(text: string): Ip | undefined {
  if (isIPv4(text)) return { family: 4n, bits: text.split(".").reduce((bits, part) => (bits << 8n) + BigInt(part), 0n) };
  // Neither zones nor IPv4 in IPv6.
  if (!isIPv6(text) || text.includes("%") || text.includes(".")) return undefined;
  const [before = "", after] = text.split("::");
  const [front, back] = [groupsOf(before), groupsOf(after ?? "")];
  const all = after === undefined ? front : [...front, ...Array.from({ length: 8 - front.length - back.length }, () => "0"), ...back];
  const bits = all.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
  return bits >> 32n === 0xffffn ? undefined : { family: 6n, bits };
}

function groupsOf(part: string): string[] {
  return part === "" ? [] : part.split(":");
}

function contains(own: Cidr, other: Ip): boolean {
  return own.family === other.family && masked(own, own.prefix) === masked(other, own.prefix);
}

function parseCidr(text: string): Cidr | undefined {
  const [, address = "", prefix = ""] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = parseIp(address);
  return ip === undefined || Number(prefix) > width(ip) ? undefined : { ...ip, prefix: BigInt(prefix) };
}

function width({ family }: Ip): number {
  return family === 4n ? 32 : 128;
}

function masked(ip: Ip, prefix: bigint): bigint {
  const rest = BigInt(width(ip)) - prefix;
  return (ip.bits >> rest) << rest;
}

/** As RFC 5952 has it. */
function printIp(ip: Ip): string {
  if (ip.family === 4n) return [24n, 16n, 8n, 0n].map((shift) => (ip.bits >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((ip.bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}

/** A test of whether an address is in one of the networks. */
function any(...texts: readonly string[]): (address: Ip) => boolean {
  const networks = texts.flatMap((text) => parseCidr(text) ?? []);
  return (address) => networks.some((network) => contains(network, address));
}
