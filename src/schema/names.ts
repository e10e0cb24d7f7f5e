/** Syntax of names, labels and keys. Each function gives what is wrong in a few words, or `undefined` (apimachinery pkg/util/validation). */

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** Lower-case letters, digits and `-`, at most 63 (RFC 1123). */
export function dnsLabel(text: string): string | undefined {
  if (text.length > 63) return "is longer than 63 characters";
  return LABEL.test(text) ? undefined : "must be lower-case letters, digits and '-', beginning and ending with a letter or digit";
}

/** As a DNS label, beginning with a letter (RFC 1035). */
export function dnsLabel1035(text: string): string | undefined {
  if (text.length > 63) return "is longer than 63 characters";
  return LABEL_1035.test(text)
    ? undefined
    : "must be lower-case letters, digits and '-', beginning with a letter and ending with a letter or digit";
}

/** DNS labels joined by dots, at most 253 characters. */
export function dnsSubdomain(text: string): string | undefined {
  if (text.length > 253) return "is longer than 253 characters";
  return SUBDOMAIN.test(text)
    ? undefined
    : "must be lower-case letters, digits, '-' and '.', each part beginning and ending with a letter or digit";
}

/** A name that can stand in a URL's path (RBAC objects). */
export function pathSegment(text: string): string | undefined {
  if (text === "." || text === "..") return `may not be '${text}'`;
  const bad = /[/%]/.exec(text)?.[0];
  return bad === undefined ? undefined : `may not contain '${bad}'`;
}

/** A label's or annotation's key: `name` or `prefix/name`. */
export function qualifiedName(text: string): string | undefined {
  const parts = text.split("/");
  if (parts.length > 2) return "may hold one '/' only";
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === "") return "has nothing before '/'";
  if (prefix !== undefined && dnsSubdomain(prefix) !== undefined)
    return `has a part before '/' that is no DNS name: it ${dnsSubdomain(prefix) ?? ""}`;
  if (name === "") return "has an empty name";
  if (name.length > 63) return "has a name longer than 63 characters";
  return QUALIFIED.test(name) ? undefined : "must be letters, digits, '-', '_' and '.', beginning and ending with a letter or digit";
}

/** A label's value. */
export function labelValue(text: string): string | undefined {
  if (text === "") return undefined;
  if (text.length > 63) return "is longer than 63 characters";
  return QUALIFIED.test(text) ? undefined : "must be letters, digits, '-', '_' and '.', beginning and ending with a letter or digit";
}

/** A key of ConfigMap or Secret data: it becomes a file name. */
export function dataKey(text: string): string | undefined {
  if (text.length > 253) return "is longer than 253 characters";
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) return "must be letters, digits, '-', '_' and '.'";
  if (text === ".") return "may not be '.'";
  return text === ".." || text.startsWith("..") ? "may not begin with '..'" : undefined;
}

/** An environment variable's name; from 1.32 on (RelaxedEnvironmentVariableValidation) anything printable but `=`. */
export function environmentName(text: string, relaxed: boolean): string | undefined {
  if (text === "") return "may not be empty";
  if (relaxed) return /^[\x20-\x3c\x3e-\x7e]+$/.test(text) ? undefined : "must be printable ASCII without '='";
  return /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(text) ? undefined : "must be letters, digits, '-', '_' and '.', not beginning with a digit";
}

/** A port's name (IANA service name): at most 15 lower-case letters, digits and `-`, with a letter in it. */
export function portName(text: string): string | undefined {
  if (text.length > 15) return "is longer than 15 characters";
  if (!/^[-a-z0-9]+$/.test(text)) return "must be lower-case letters, digits and '-'";
  if (!/[a-z]/.test(text)) return "must hold at least one letter";
  if (text.includes("--")) return "may not hold '--'";
  return text.startsWith("-") || text.endsWith("-") ? "may not begin or end with '-'" : undefined;
}

const IPV4_PART = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${IPV4_PART}(?:\\.${IPV4_PART}){3}$`);

/** Whether a text is an IPv4 or IPv6 address as Go's net/netip reads it. */
export function isIp(text: string): boolean {
  return IPV4.test(text) || isIpv6(text);
}

export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

export function isIpv6(text: string): boolean {
  const sides = text.split("::");
  if (sides.length > 2 || !text.includes(":")) return false;
  const groups = sides.flatMap((side) => (side === "" ? [] : side.split(":")));
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && IPV4.test(group)) count += 2;
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) count += 1;
    else return false;
  }
  return sides.length === 2 ? count < 8 : count === 8;
}

/** Whether a text is an address with a prefix length, `10.0.0.0/8`. */
export function isCidr(text: string): boolean {
  const [address = "", length = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length)) return false;
  return isIpv4(address) ? Number(length) <= 32 : isIpv6(address) && Number(length) <= 128;
}
