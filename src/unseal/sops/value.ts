/** The types that SOPS knows; a comment is a value too where comments are encrypted. */
export const SOPS_TYPES = ["str", "int", "float", "bool", "bytes", "time", "comment"] as const;
export type SopsType = (typeof SOPS_TYPES)[number];

/**
 * A value as SOPS encrypts it and hashes it into the MAC: its type and the one text of it (sops 3.13.3, sops.go, ToBytes): integers in
 * decimal, floats without an exponent, booleans `True` and `False`, times as RFC 3339.
 */
export interface SopsValue {
  readonly type: SopsType;
  readonly bytes: Uint8Array;
}

/** A value of a text. */
export function sopsValue(type: SopsType, text: string): SopsValue {
  return { type, bytes: Buffer.from(text, "utf8") };
}

/**
 * What a plain scalar of YAML is to SOPS, which reads with go-yaml v3 (resolve.go): its value, or null for YAML's null.
 *
 * @throws RangeError for what SOPS refuses: an integer that no int64 holds
 */
export function resolvePlain(text: string): SopsValue | null {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return sopsValue("bool", "True");
  if (/^(?:false|False|FALSE)$/.test(text)) return sopsValue("bool", "False");
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return sopsValue("float", "NaN");
  if (/^[+-]?\.(?:inf|Inf|INF)$/.test(text)) return sopsValue("float", text.startsWith("-") ? "-Inf" : "+Inf");
  if (/^\.[0-9]/.test(text)) return goFloat(text) ?? sopsValue("str", text);
  if (!/^[0-9+-]/.test(text)) return sopsValue("str", text);
  return timestamp(text) ?? goInteger(text) ?? number(text.replaceAll("_", "")) ?? sopsValue("str", text);
}

function number(plain: string): SopsValue | undefined {
  return /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain) ? goFloat(plain) : undefined;
}

/** Go's ParseInt with base 0: `0x`, `0o`, `0b` and a bare leading zero, which is octal. */
function goInteger(text: string): SopsValue | undefined {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(text.replaceAll("_", "")) ?? [];
  let value: bigint;
  if (/^(?:0|[1-9][0-9]*)$/.test(digits)) value = BigInt(digits);
  else if (/^0[xX][0-9a-fA-F]+$/.test(digits) || /^0[bB][01]+$/.test(digits) || /^0[oO][0-7]+$/.test(digits))
    value = BigInt(digits.toLowerCase());
  else if (/^0[0-7]+$/.test(digits)) value = BigInt(`0o${digits}`);
  else return undefined;
  if (sign === "-") value = -value;
  if (value >= 2n ** 64n || value < -(2n ** 63n)) return undefined;
  if (value >= 2n ** 63n) throw new RangeError("the integer is beyond 64 bits with a sign");
  return sopsValue("int", String(value));
}

function goFloat(text: string): SopsValue | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? sopsValue("float", floatText(value)) : undefined;
}

/** The shortest decimal digits that are this float, without an exponent: Go's FormatFloat(value, 'f', -1, 64). */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const [, sign = "", whole = "", fraction = "", exponent = ""] = /^(-?)([0-9]+)(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text) ?? [];
  if (exponent === "") return text;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return point >= digits.length ? `${sign}${digits.padEnd(point, "0")}` : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** go-yaml's timestamps (resolve.go, allowedTimestampFormats), as RFC 3339 with the offset kept. */
function timestamp(text: string): SopsValue | undefined {
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:([Tt])| )(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (parts === null) return undefined;
  const [, year = "", month = "", day = "", separator, hour, minute = "", second = "", fraction = "", zone] = parts;
  // With a T a zone is needed, with a blank there is none.
  if (hour !== undefined && (separator === undefined) !== (zone === undefined)) return undefined;
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  if (hour === undefined) return sopsValue("time", `${year}-${two(month)}-${two(day)}T00:00:00Z`);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (zone !== undefined && zone !== "Z" && (Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4)) > 59)) return undefined;
  const nanoseconds = fraction.slice(0, 9).replace(/0+$/, "");
  const offset = zone === undefined || /^[+-]00:00$/.test(zone) ? "Z" : zone;
  const time = `${two(hour)}:${two(minute)}:${two(second)}${nanoseconds === "" ? "" : `.${nanoseconds}`}`;
  return sopsValue("time", `${year}-${two(month)}-${two(day)}T${time}${offset}`);
}

function two(digits: string): string {
  return digits.padStart(2, "0");
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day <= days;
}

/** A decrypted text as the value of its type, in the one form of it that goes into the MAC. Undefined for what is none of that type. */
export function canonicalValue(type: SopsType, bytes: Uint8Array): SopsValue | undefined {
  if (type === "str" || type === "bytes" || type === "comment") return { type, bytes };
  const text = Buffer.from(bytes).toString("utf8");
  if (type === "int") return /^[-+]?[0-9]{1,19}$/.test(text) ? sopsValue("int", String(BigInt(text.replace(/^\+/, "")))) : undefined;
  if (type === "bool") {
    if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return sopsValue("bool", "True");
    return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? sopsValue("bool", "False") : undefined;
  }
  if (type === "time")
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? sopsValue("time", text) : undefined;
  if (/^(?:NaN|[+-]Inf)$/.test(text)) return sopsValue("float", text);
  return text !== "" && Number.isFinite(Number(text)) ? sopsValue("float", floatText(Number(text))) : undefined;
}
