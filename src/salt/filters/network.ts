import { pythonFilter as filter, semantics, type FilterFunction } from "../../jinja/index.ts";
import {
  int,
  isIntLike,
  PyBytes,
  PyDict,
  PyError,
  PyObject,
  PyTuple,
  repr,
  str,
  truthy,
  typeName,
  type Value,
} from "../../python/index.ts";
import {
  addressKinds,
  hasHostBits,
  networkRange,
  parseAddress,
  parseInterface,
  printAddress,
  printInterface,
  type IpAddress,
  type IpInterface,
} from "./ipaddress.ts";

const { boundedItems, iterate, listOf, PyIterator, signature, textOf } = semantics;

/** The options of Salt's ip filters, in the order in which Salt tries them. */
const OPTIONS: readonly (readonly [readonly string[], (address: IpAddress, alone: boolean) => boolean])[] = [
  [["global", "public"], (address) => !addressKinds.isPrivate(address)],
  [["link-local", "linklocal", "ll", "link_local"], (address) => addressKinds.isLinkLocal(address)],
  [["loopback", "lo"], (address, alone) => alone && addressKinds.isLoopback(address)],
  [["multicast"], (address) => addressKinds.isMulticast(address)],
  [["private"], (address) => addressKinds.isPrivate(address)],
  [["reserved"], (address) => addressKinds.isReserved(address)],
  [["site-local", "sl", "site_local"], (address) => address.version === 6 && addressKinds.isSiteLocal(address)],
  [["unspecified"], (address, alone) => alone && addressKinds.isUnspecified(address)],
];

interface Reading {
  readonly address: IpAddress;
  readonly text: string;
  /** False for an IPv6 interface within a larger network, which Python calls neither loopback nor unspecified. */
  readonly alone: boolean;
}

/** An address or interface of a value: texts, and ints and bytes as Python's ipaddress takes them. */
function read(value: Value): Reading | undefined {
  if (value instanceof PyObject) value.refuse?.();
  if (value instanceof PyTuple && value.items.length === 0) throw new PyError("IndexError", "tuple index out of range");
  const text = textOf(value);
  if (text !== undefined) {
    const address = parseAddress(text);
    if (address !== undefined) return { address, text: printAddress(address), alone: true };
    const found = parseInterface(text);
    return found === undefined
      ? undefined
      : { address: found.address, text: printInterface(found), alone: found.address.version === 4 || found.prefix === 128 };
  }
  let number: bigint | undefined;
  let version: 4 | 6 = 4;
  if (isIntLike(value)) {
    number = BigInt(value);
    if (number < 0n || number >= 1n << 128n) return undefined;
    version = number < 1n << 32n ? 4 : 6;
  } else if (value instanceof PyBytes && (value.bytes.length === 4 || value.bytes.length === 16)) {
    number = BigInt(`0x${Buffer.from(value.bytes).toString("hex")}`);
    version = value.bytes.length === 4 ? 4 : 6;
  }
  if (number === undefined) return undefined;
  const address: IpAddress = { version, value: number };
  return { address, text: printAddress(address), alone: true };
}

/** `_is_ipv`: the address's text if it is of the version and fits the options, else None. */
function ofVersion(value: Value, version: 4 | 6, options: Value): string | null {
  const found = read(value);
  if (found === undefined || found.address.version !== version) return null;
  if (!truthy(options)) return found.text;
  const wanted = str(options)
    .split(",")
    .map((option) => option.trim());
  for (const [names, test] of OPTIONS) if (names.some((name) => wanted.includes(name)) && !test(found.address, found.alone)) return null;
  return found.text;
}

function isMany(value: Value): boolean {
  return Array.isArray(value) || value instanceof PyTuple || value instanceof PyIterator;
}

function keep(value: Value, version: 4 | 6, options: Value): Value {
  if (textOf(value) !== undefined || value instanceof PyBytes) return ofVersion(value, version, options);
  if (!isMany(value)) return null;
  return listOf(value)
    .map((item) => ofVersion(item, version, options))
    .filter((item) => item !== null);
}

function keepBoth(value: Value, options: Value): Value {
  // A generator is read once, by the first of the two.
  const four = keep(value, 4, options);
  const six = keep(value, 6, options);
  if (Array.isArray(four) && Array.isArray(six)) return [...four, ...six];
  return four !== null && truthy(four) ? four : six;
}

function only(name: string, version: 4 | 6): FilterFunction {
  return filter(signature(name, ["value"], { options: null }), (_, [value = null, options = null]) => keep(value, version, options));
}

function asks(name: string, versions: readonly (4 | 6)[]): FilterFunction {
  return filter(signature(name, ["ip_addr"], { options: null }), (_, [value = null, options = null]) =>
    versions.some((version) => ofVersion(value, version, options) !== null),
  );
}

/** Applies `run` to each address that is left; None where none is, and one result for one value. */
function onEach(name: string, run: (entry: IpInterface) => Value): FilterFunction {
  return filter(signature(name, ["value"], { options: null, version: null }), (_, [value = null, options = null, version = null]) => {
    const kept = truthy(version) ? (version === 4 || version === 6 ? keep(value, version, options) : null) : keepBoth(value, options);
    if (!truthy(kept)) return null;
    const entries = (Array.isArray(kept) ? kept : [kept]).map((text) => parseInterface(str(text)));
    const results = entries.map((entry) => (entry === undefined ? null : run(entry)));
    return isMany(value) ? results : (results[0] ?? null);
  });
}

function hosts(entry: IpInterface): Value {
  const { first, last } = networkRange(entry);
  const { version } = entry.address;
  const bits = version === 4 ? 32 : 128;
  const skipFirst = entry.prefix < bits - 1 ? 1n : 0n;
  const skipLast = version === 4 && entry.prefix < bits - 1 ? 1n : 0n;
  const count = last - first + 1n - skipFirst - skipLast;
  boundedItems(Number(count));
  const out: Value[] = [];
  for (let value = first + skipFirst; value <= last - skipLast; value++) out.push(printAddress({ version, value }));
  return out;
}

function network(value: Value): IpInterface {
  const text = str(value);
  const found = parseInterface(text);
  if (found === undefined) throw new PyError("ValueError", `${repr(value)} does not appear to be an IPv4 or IPv6 network`);
  if (hasHostBits(found)) throw new PyError("ValueError", `${text} has host bits set`);
  return found;
}

const filterByNetworks = filter(signature("filter_by_networks", ["values", "networks"]), (_, [values = null, networks = null]) => {
  if (networks === null) return values;
  const all = listOf(networks).map(network);
  const inside = (addresses: Value): Value[] => {
    const out: Value[] = [];
    for (const item of iterate(addresses)) {
      for (const one of all) {
        const address = parseAddress(str(item));
        if (address === undefined) throw new PyError("ValueError", `${repr(item)} does not appear to be an IPv4 or IPv6 address`);
        const { first, last } = networkRange(one);
        if (address.version === one.address.version && address.value >= first && address.value <= last) out.push(item);
      }
    }
    return out;
  };
  if (values instanceof PyDict) return PyDict.of(Array.from(values.entries(), ([key, item]): [Value, Value] => [key, inside(item)]));
  if (Array.isArray(values) || values instanceof PyTuple || textOf(values) !== undefined) return inside(values);
  throw new PyError("ValueError", `Do not know how to filter a <class '${typeName(values)}'>`);
});

function bracketed(value: Value): Value {
  if (ofVersion(value, 6, null) === null) return value;
  const text = str(value).replace(/^\[+/, "").replace(/\]+$/, "");
  const address = parseAddress(text);
  if (address === undefined) throw new PyError("ValueError", `${repr(text)} does not appear to be an IPv4 or IPv6 address`);
  return address.version === 6 ? `[${printAddress(address)}]` : printAddress(address);
}

/** Salt's filters on addresses (salt/utils/network.py). */
export const networkFilters: Readonly<Record<string, FilterFunction>> = {
  filter_by_networks: filterByNetworks,
  ip_host: onEach("ip_host", printInterface),
  ipaddr: filter(signature("ipaddr", ["value"], { options: null }), (_, [value = null, options = null]) => keepBoth(value, options)),
  ipv4: only("ipv4", 4),
  ipv6: only("ipv6", 6),
  ipwrap: filter(signature("ipwrap", ["data"]), (_, [value = null]) => {
    if (Array.isArray(value)) return value.map(bracketed);
    return value instanceof PyTuple ? value.items.map(bracketed) : bracketed(value);
  }),
  is_ip: asks("is_ip_filter", [4, 6]),
  is_ipv4: asks("is_ipv4_filter", [4]),
  is_ipv6: asks("is_ipv6_filter", [6]),
  network_hosts: onEach("network_hosts", hosts),
  network_size: onEach("network_size", (entry) => {
    const { first, last } = networkRange(entry);
    return int(last - first + 1n);
  }),
};
