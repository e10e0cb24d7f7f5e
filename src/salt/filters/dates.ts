import { pythonFilter as filter, semantics, type FilterFunction } from "../../jinja/index.ts";
import { PyError, str, type Value } from "../../python/index.ts";

const { asFloat, signature, textOf, toFloat, toInt } = semantics;

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** Seconds since 1970 of what a template gives, as Salt reads it without the optional timelib: numbers and texts of numbers. */
function secondsOf(date: Value): number {
  try {
    const text = textOf(date);
    const number = text === undefined ? asFloat(date) : /^\p{Nd}+$/u.test(text) ? Number(toInt(text)) : toFloat(text);
    // datetime takes the years 1 to 9999.
    if (number === undefined || !Number.isFinite(number) || number < -62135596800 || number >= 253402300800)
      throw new PyError("ValueError", "year is out of range");
    return number;
  } catch (error) {
    if (error instanceof PyError) throw new PyError("RuntimeError", `Unable to parse ${str(date)}. Consider installing timelib`);
    throw error;
  }
}

function pad(value: number, width = 2, fill = "0"): string {
  return String(value).padStart(width, fill);
}

/** `datetime.strftime` in the C locale and UTC (glibc). */
export function formatTime(seconds: number, format: string): string {
  // datetime rounds to microseconds, half to even.
  const micros = seconds * 1e6;
  const rounded = Math.abs(micros % 1) === 0.5 ? 2 * Math.round(micros / 2) : Math.round(micros);
  const whole = Math.floor(rounded / 1e6);
  const date = new Date(whole * 1000);
  const year = date.getUTCFullYear();
  const day = date.getUTCDay();
  const yearDay =
    Math.floor((Date.UTC(2000, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000) -
    (isLeap(year) || date.getUTCMonth() < 2 ? 0 : 1);
  const hour = date.getUTCHours();
  const iso = isoWeek(year, yearDay, day);
  const dayName = DAYS[day] ?? "";
  const monthName = MONTHS[date.getUTCMonth()] ?? "";
  const code = (letter: string): string | undefined => {
    switch (letter) {
      case "a":
        return dayName.slice(0, 3);
      case "A":
        return dayName;
      case "b":
      case "h":
        return monthName.slice(0, 3);
      case "B":
        return monthName;
      case "c":
        return `${dayName.slice(0, 3)} ${monthName.slice(0, 3)} ${pad(date.getUTCDate(), 2, " ")} ${code("T") ?? ""} ${year}`;
      case "C":
        return pad(Math.floor(year / 100));
      case "d":
        return pad(date.getUTCDate());
      case "D":
      case "x":
        return `${code("m") ?? ""}/${code("d") ?? ""}/${code("y") ?? ""}`;
      case "e":
        return pad(date.getUTCDate(), 2, " ");
      case "f":
        return pad(rounded - whole * 1e6, 6);
      case "F":
        return `${year}-${code("m") ?? ""}-${code("d") ?? ""}`;
      case "g":
        return pad(iso.year % 100);
      case "G":
        return String(iso.year);
      case "H":
        return pad(hour);
      case "I":
        return pad(hour % 12 === 0 ? 12 : hour % 12);
      case "j":
        return pad(yearDay + 1, 3);
      case "k":
        return pad(hour, 2, " ");
      case "l":
        return pad(hour % 12 === 0 ? 12 : hour % 12, 2, " ");
      case "m":
        return pad(date.getUTCMonth() + 1);
      case "M":
        return pad(date.getUTCMinutes());
      case "n":
        return "\n";
      case "p":
        return hour < 12 ? "AM" : "PM";
      case "P":
        return hour < 12 ? "am" : "pm";
      case "r":
        return `${code("I") ?? ""}:${code("M") ?? ""}:${code("S") ?? ""} ${code("p") ?? ""}`;
      case "R":
        return `${code("H") ?? ""}:${code("M") ?? ""}`;
      case "s":
        return String(whole);
      case "S":
        return pad(date.getUTCSeconds());
      case "t":
        return "\t";
      case "T":
      case "X":
        return `${code("R") ?? ""}:${code("S") ?? ""}`;
      case "u":
        return String(day === 0 ? 7 : day);
      case "U":
        return pad(Math.floor((yearDay + 7 - day) / 7));
      case "V":
        return pad(iso.week);
      case "w":
        return String(day);
      case "W":
        return pad(Math.floor((yearDay + 7 - ((day + 6) % 7)) / 7));
      case "y":
        return pad(year % 100);
      case "Y":
        return String(year);
      case "z":
      case "Z":
        return "";
      case "%":
        return "%";
      default:
        return undefined;
    }
  };
  return format.replaceAll(/%([^]?)/gu, (all, letter: string) => code(letter) ?? all);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** ISO 8601's week and the year it belongs to. */
function isoWeek(year: number, yearDay: number, day: number): { readonly year: number; readonly week: number } {
  const week = Math.floor((yearDay - ((day + 6) % 7) + 10) / 7);
  if (week < 1) {
    const before = year - 1;
    return isoWeek(before, yearDay + (isLeap(before) ? 366 : 365), day);
  }
  const daysLeft = (isLeap(year) ? 366 : 365) - yearDay;
  return week === 53 && daysLeft <= 3 - ((day + 6) % 7) ? { year: year + 1, week: 1 } : { year, week };
}

const strftime = filter(signature("strftime", [], { date: null, format: "%Y-%m-%d" }), (_, [date = null, format = null]) => {
  if (date === null) {
    throw new PyError(
      "ImpureError",
      "the filter 'strftime' is refused without a date: it would print the time of the compile, and the same input must give the same bytes",
    );
  }
  const text = textOf(format);
  if (text === undefined) throw new PyError("TypeError", "strftime() argument 1 must be str");
  return formatTime(secondsOf(date), text);
});

/** Salt's date filters (salt/utils/dateutils.py); the time zone is UTC. */
export const dateFilters: Readonly<Record<string, FilterFunction>> = { date_format: strftime, strftime };
