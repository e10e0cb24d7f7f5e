import type { Clock } from "./clock.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
/** Names to values; an Error is written as its message, and what it was caused by. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logs: one JSON object a line. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all have these fields too. */
  with(fields: LogFields): Log;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export interface LogOptions {
  readonly clock: Clock;
  /** Gets whole lines, with their ends. */
  readonly write: (line: string) => void;
  /** Less important lines are left out. Default: info. */
  readonly level?: LogLevel;
  readonly fields?: LogFields;
}

/** A log of lines such as `{"time":"…","level":"info","message":"…", …fields}`. */
export function jsonLog({ clock, write, level = "info", fields = {} }: LogOptions): Log {
  const line =
    (of: LogLevel) =>
    (message: string, more: LogFields = {}): void => {
      if (LEVELS.indexOf(of) < LEVELS.indexOf(level)) return;
      const all = { time: clock.date().toISOString(), level: of, message, ...plain(fields), ...plain(more) };
      write(`${JSON.stringify(all)}\n`);
    };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    with: (more) => jsonLog({ clock, write, level, fields: { ...fields, ...more } }),
  };
}

function plain(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? words(value) : value]));
}

function words(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${words(error.cause)}` : "";
  return `${error.message}${cause}`;
}

/** Says nothing. */
export const NO_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => NO_LOG,
};
