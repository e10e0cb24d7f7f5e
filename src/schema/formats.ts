import { isCidr, isIpv4, isIpv6 } from "./names.ts";
import { quantity } from "./quantity.ts";

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))$/;
const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** An RFC 3339 time. */
export function isDateTime(text: string): boolean {
  const parts = DATE_TIME.exec(text);
  if (parts === null) return false;
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  return isDay(year, month, day) && hour < 24 && minute < 60 && second < 60 && zoneHour <= 24 && zoneMinute <= 60;
}

function isDay(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month >= 1 && day >= 1 && day <= (month === 2 && !leap ? 28 : (DAYS[month - 1] ?? 0));
}

/** Standard base64 with padding, line breaks ignored, as Go's encoding/json reads `[]byte`. */
export function isBase64(text: string): boolean {
  const bare = text.replace(/[\r\n]/g, "");
  return bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare);
}

/** A Go duration such as `1h30m`, or `0`. */
export function isDuration(text: string): boolean {
  return text === "0" || DURATION.test(text);
}

/** A format: of which type it is, and what it takes; a value of another type it takes anyway. */
export type Format =
  | { readonly type: "string"; readonly takes: (value: string) => boolean }
  | { readonly type: "number"; readonly takes: (value: number) => boolean };

const text = (takes: (value: string) => boolean): Format => ({ type: "string", takes });
const within = (low: number, high: number): Format => ({ type: "number", takes: (value) => value >= low && value <= high });
const HOST = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/;

function isDate(value: string): boolean {
  const [, year = 0, month = 0, day = 0] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(value) ?? []).map(Number);
  return isDay(year, month, day);
}

/** The formats that the API server checks: of the built-in types, and of CRDs (apiextensions' supported formats). An unknown one is ignored. */
export const FORMATS: Readonly<Record<string, Format>> = {
  int32: within(-(2 ** 31), 2 ** 31 - 1),
  // The doubles next to the ends of int64.
  int64: within(-(2 ** 63), 2 ** 63 - 1025),
  float: within(-Infinity, Infinity),
  double: within(-Infinity, Infinity),
  // Of the two, the number must be an int32.
  "int-or-string": within(-(2 ** 31), 2 ** 31 - 1),
  quantity: text((value) => quantity(value) !== undefined),
  // A reference to a sealed source stands un-encoded in a Secret's data, so that only Halite's own applier takes it.
  byte: text((value) => value.includes("?{") || isBase64(value)),
  "date-time": text(isDateTime),
  datetime: text(isDateTime),
  date: text(isDate),
  duration: text(isDuration),
  ipv4: text(isIpv4),
  ipv6: text(isIpv6),
  cidr: text(isCidr),
  mac: text((value) => /^(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(value)),
  uuid: text((value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value)),
  hostname: text((value) => value.length <= 255 && HOST.test(value)),
  email: text((value) => /^[^@\s]+@[^@\s]+$/.test(value)),
  uri: text((value) => /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|\/)\S*$/.test(value)),
  hexcolor: text((value) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(value)),
  bsonobjectid: text((value) => /^[0-9a-fA-F]{24}$/.test(value)),
};
