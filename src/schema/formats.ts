import type { Ajv } from "ajv";
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

/** The formats that the API server checks: of the built-in types, and of CRDs (apiextensions' supported formats). An unknown one is ignored. */
export function addFormats(ajv: Ajv): void {
  const text = (name: string, validate: (value: string) => boolean): void => {
    ajv.addFormat(name, { type: "string", validate });
  };
  const number = (name: string, low: number, high: number): void => {
    ajv.addFormat(name, { type: "number", validate: (value: number) => value >= low && value <= high });
  };
  number("int32", -(2 ** 31), 2 ** 31 - 1);
  // The doubles next to the ends of int64.
  number("int64", -(2 ** 63), 2 ** 63 - 1025);
  number("float", -Infinity, Infinity);
  number("double", -Infinity, Infinity);
  text("quantity", (value) => quantity(value) !== undefined);
  // Of the two, the number must be an int32.
  number("int-or-string", -(2 ** 31), 2 ** 31 - 1);
  // A reference to a sealed source stands un-encoded in a Secret's data, so that only Halite's own applier takes it.
  text("byte", (value) => value.includes("?{") || isBase64(value));
  text("date-time", isDateTime);
  text("datetime", isDateTime);
  text("date", (value) => {
    const [, year = 0, month = 0, day = 0] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(value) ?? []).map(Number);
    return isDay(year, month, day);
  });
  text("duration", isDuration);
  text("ipv4", isIpv4);
  text("ipv6", isIpv6);
  text("cidr", isCidr);
  text("mac", (value) => /^(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(value));
  text("uuid", (value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value));
  text(
    "hostname",
    (value) => value.length <= 255 && /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/.test(value),
  );
  text("email", (value) => /^[^@\s]+@[^@\s]+$/.test(value));
  text("uri", (value) => /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|\/)\S*$/.test(value));
  text("hexcolor", (value) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(value));
  text("bsonobjectid", (value) => /^[0-9a-fA-F]{24}$/.test(value));
}
