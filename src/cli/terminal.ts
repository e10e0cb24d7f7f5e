/** Where output goes, and what it may look like there. */
export interface Terminal {
  /** Results: standard output. */
  out(text: string): void;
  /** Messages: standard error. */
  err(text: string): void;
  /** Paint for standard output; the text as it is where colour is off. */
  readonly paint: Paint;
  /** Paint for standard error. */
  readonly paintErr: Paint;
  /** Columns of standard output; 80 where it is no terminal. */
  readonly width: number;
  /** Shows one line that the next call replaces; nothing where standard error is no terminal. */
  progress(line: string): void;
  /** Takes the progress line away. */
  progressDone(): void;
}

export type Colour = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, string>> = { red: "31", green: "32", yellow: "33", cyan: "36", dim: "2", bold: "1" };

interface Stream {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A terminal over two streams. Colour: NO_COLOR turns it off, FORCE_COLOR on, else as the stream is a terminal. */
export function terminalOn(stdout: Stream, stderr: Stream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const width = stdout.isTTY === true ? Math.max(40, stdout.columns ?? 80) : 80;
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write("\r\u001b[K");
    shown = false;
  };
  return {
    out: (text) => {
      clear();
      stdout.write(text);
    },
    err: (text) => {
      clear();
      stderr.write(text);
    },
    paint: painter(stdout, env),
    paintErr: painter(stderr, env),
    width,
    progress: (line) => {
      if (stderr.isTTY !== true || env["TERM"] === "dumb") return;
      stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`);
      shown = true;
    },
    progressDone: clear,
  };
}

function painter(stream: Stream, env: Readonly<Record<string, string | undefined>>): Paint {
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "" && env["FORCE_COLOR"] !== "0";
  const off = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return painting(!off && (forced || stream.isTTY === true));
}

/** Paint, or the text as it is. */
export function painting(on: boolean): Paint {
  return on ? (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m` : (_colour, text) => text;
}
