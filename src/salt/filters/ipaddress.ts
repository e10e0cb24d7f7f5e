/** An address of either family, as Python's `ipaddress` reads it (CPython 3.11). */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
  /** IPv6's zone, `eth0` in `fe80::1%eth0`. */
  readonly scope?: string;
}

/** An address with the length of its network's prefix. */
export interface IpInterface {
  readonly address: IpAddress;
  readonly prefix: number;
}

const MAX: Readonly<Record<4 | 6, number>> = { 4: 32, 6: 128 };

/** `ipaddress.ip_address`; `undefined` where Python raises ValueError. */
export function parseAddress(text: string): IpAddress | undefined {
  const four = parseFour(text);
  if (four !== undefined) return { version: 4, value: four };
  const [address = "", scope, ...more] = text.split("%");
  if (more.length > 0 || scope === "") return undefined;
  const six = parseSix(address);
  return six === undefined ? undefined : { version: 6, value: six, ...(scope === undefined ? {} : { scope }) };
}

function parseFour(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // A leading zero is ambiguous, and refused since Python 3.9.5.
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function parseSix(text: string): bigint | undefined {
  if (text === "" || text.includes("/")) return undefined;
  let parts = text.split(":");
  if (parts.length < 3) return undefined;
  const last = parts.at(-1) ?? "";
  if (last.includes(".")) {
    const four = parseFour(last);
    if (four === undefined) return undefined;
    parts = [...parts.slice(0, -1), (four >> 16n).toString(16), (four & 0xffffn).toString(16)];
  }
  if (parts.length > 9) return undefined;
  let gap: number | undefined;
  for (let index = 1; index < parts.length - 1; index++) {
    if (parts[index] !== "") continue;
    if (gap !== undefined) return undefined;
    gap = index;
  }
  let high: string[];
  let low: string[];
  if (gap === undefined) {
    if (parts.length !== 8 || parts[0] === "" || parts.at(-1) === "") return undefined;
    high = parts;
    low = [];
  } else {
    high = parts.slice(0, gap);
    low = parts.slice(gap + 1);
    if (high[0] === "") {
      high = high.slice(1);
      if (high.length > 0) return undefined;
    }
    if (low.at(-1) === "") {
      low = low.slice(0, -1);
      if (low.length > 0) return undefined;
    }
    if (high.length + low.length > 7) return undefined;
  }
  const groups = [...high, ...Array.from({ length: 8 - high.length - low.length }, () => "0"), ...low];
  let value = 0n;
  for (const group of groups) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
}

/** `str(address)`: IPv6 with its longest run of zero groups left out. */
export function printAddress({ version, value, scope }: IpAddress): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === "0") end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  const text =
    best.start < 0 ? groups.join(":") : `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
  return scope === undefined ? text : `${text}%${scope}`;
}

/** `ipaddress.ip_interface`: an address with `/24`, `/255.255.255.0` or `/0.0.0.255`, or alone. */
export function parseInterface(text: string): IpInterface | undefined {
  const [host = "", mask, ...more] = text.split("/");
  if (more.length > 0) return undefined;
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const prefix = mask === undefined ? MAX[address.version] : parsePrefix(mask, address.version);
  return prefix === undefined ? undefined : { address, prefix };
}

function parsePrefix(mask: string, version: 4 | 6): number | undefined {
  if (/^[0-9]+$/.test(mask)) return Number(mask) <= MAX[version] ? Number(mask) : undefined;
  const value = version === 4 ? parseFour(mask) : undefined;
  if (value === undefined) return undefined;
  return leadingOnes(value) ?? leadingOnes(value ^ 0xffffffffn);
}

function leadingOnes(mask: bigint): number | undefined {
  const bits = mask.toString(2).padStart(32, "0");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}

/** `str(interface)`. */
export function printInterface({ address, prefix }: IpInterface): string {
  return `${printAddress(address)}/${prefix}`;
}

function hostBits({ address, prefix }: IpInterface): bigint {
  return (1n << BigInt(MAX[address.version] - prefix)) - 1n;
}

/** First and last address of the network an interface is in. */
export function networkRange(network: IpInterface): { readonly first: bigint; readonly last: bigint } {
  const bits = hostBits(network);
  return { first: network.address.value & ~bits, last: network.address.value | bits };
}

/** Whether bits beyond the prefix are set, which `ip_network` refuses when strict. */
export function hasHostBits(network: IpInterface): boolean {
  return (network.address.value & hostBits(network)) !== 0n;
}

function within(address: IpAddress, networks: readonly string[]): boolean {
  return networks.some((text) => {
    const network = parseInterface(text);
    if (network === undefined || network.address.version !== address.version) return false;
    const { first, last } = networkRange(network);
    return address.value >= first && address.value <= last;
  });
}

const PRIVATE_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.0.170/31",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "240.0.0.0/4",
  "255.255.255.255/32",
];
const PRIVATE_4_EXCEPT = ["192.0.0.9/32", "192.0.0.10/32"];
const PRIVATE_6 = [
  "::1/128",
  "::/128",
  "::ffff:0:0/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "fc00::/7",
  "fe80::/10",
];
const PRIVATE_6_EXCEPT = ["2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28"];
const RESERVED_6 = [
  "::/8",
  "100::/8",
  "200::/7",
  "400::/6",
  "800::/5",
  "1000::/4",
  "4000::/3",
  "6000::/3",
  "8000::/3",
  "a000::/3",
  "c000::/3",
  "e000::/4",
  "f000::/5",
  "f800::/6",
  "fe00::/9",
];

/** What kind of address it is, as Python's properties of the same names. */
export const addressKinds = {
  isPrivate(address: IpAddress): boolean {
    if (address.version === 4) return within(address, PRIVATE_4) && !within(address, PRIVATE_4_EXCEPT);
    const four = mappedFour(address);
    if (four !== undefined) return addressKinds.isPrivate(four);
    return within(address, PRIVATE_6) && !within(address, PRIVATE_6_EXCEPT);
  },
  isMulticast(address: IpAddress): boolean {
    return within(address, address.version === 4 ? ["224.0.0.0/4"] : ["ff00::/8"]);
  },
  isLoopback(address: IpAddress): boolean {
    return address.version === 4 ? within(address, ["127.0.0.0/8"]) : address.value === 1n;
  },
  isLinkLocal(address: IpAddress): boolean {
    return within(address, address.version === 4 ? ["169.254.0.0/16"] : ["fe80::/10"]);
  },
  isReserved(address: IpAddress): boolean {
    return within(address, address.version === 4 ? ["240.0.0.0/4"] : RESERVED_6);
  },
  isSiteLocal(address: IpAddress): boolean {
    return within(address, ["fec0::/10"]);
  },
  isUnspecified(address: IpAddress): boolean {
    return address.value === 0n;
  },
} as const;

function mappedFour({ version, value }: IpAddress): IpAddress | undefined {
  return version === 6 && value >> 32n === 0xffffn ? { version: 4, value: value & 0xffffffffn } : undefined;
}
