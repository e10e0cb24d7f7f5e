/** Fields of a cron schedule with their ranges and names (robfig/cron v3, the standard parser that the API server uses). */
const FIELDS: readonly { readonly name: string; readonly low: number; readonly high: number; readonly words?: readonly string[] }[] = [
  { name: "minute", low: 0, high: 59 },
  { name: "hour", low: 0, high: 23 },
  { name: "day of the month", low: 1, high: 31 },
  { name: "month", low: 1, high: 12, words: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { name: "day of the week", low: 0, high: 6, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const MACROS = new Set(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);

/** What is wrong with a cron schedule, in a few words; `undefined` for a good one. */
export function cronProblem(schedule: string): string | undefined {
  if (schedule.includes("TZ")) return "the time zone belongs in timeZone";
  if (schedule.startsWith("@every "))
    return /^(?:\d+(?:\.\d+)?(?:h|m|s|ms))+$/.test(schedule.slice(7)) ? undefined : "@every takes a duration such as 1h30m";
  if (schedule.startsWith("@")) return MACROS.has(schedule) ? undefined : `there is no ${schedule}`;
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    return `it has ${parts.length} fields and must have 5: minute, hour, day of the month, month, day of the week`;
  for (const [index, field] of FIELDS.entries()) {
    for (const part of (parts[index] ?? "").split(",")) {
      const wrong = partProblem(part, field.low, field.high, field.words);
      if (wrong !== undefined) return `the ${field.name} ${JSON.stringify(part)} ${wrong}`;
    }
  }
  return undefined;
}

function partProblem(part: string, low: number, high: number, words: readonly string[] = []): string | undefined {
  const match = /^(\*|\?|[a-z\d]+)(?:-([a-z\d]+))?(?:\/(\d+))?$/i.exec(part);
  if (match === null) return "is no number, range or step";
  const [, first = "", last, step] = match;
  if (step !== undefined && Number(step) === 0) return "has a step of 0";
  if (first === "*" || first === "?") return last === undefined ? undefined : "is no range";
  const numbers = [first, ...(last === undefined ? [] : [last])].map((text) =>
    /^\d+$/.test(text) ? Number(text) : words.indexOf(text.toLowerCase()),
  );
  if (numbers.some((number) => number < low || number > high)) return `is outside ${low} to ${high}`;
  return numbers.length === 2 && (numbers[0] ?? 0) > (numbers[1] ?? 0) ? "ends before it begins" : undefined;
}
