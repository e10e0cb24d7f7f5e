const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as users write it, `500ms`, `90s`, `30m`, `2h`, `7d`, in milliseconds; undefined for what is none. */
export function duration(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,9})(ms|[smhd])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}
