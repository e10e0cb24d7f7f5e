import type { Finding, Position } from "../../finding/index.ts";

/** Beyond so many messages none is repeated. */
const MOST_REPEATS = 1000;

/** Errors of one pillar compile: Salt's words for `_errors`, and findings that say more. */
export class PillarErrors {
  /** As in `pillar['_errors']`, repeats included. */
  readonly messages: string[] = [];
  readonly findings: Finding[] = [];

  add(code: string, message: string, more: { readonly file?: string; readonly at?: Position; readonly because?: string; readonly advice?: string } = {}): void {
    this.messages.push(message);
    const at: Position | undefined = more.at ?? (more.file === undefined ? undefined : { file: more.file });
    this.findings.push({
      code,
      severity: "error",
      message: more.because === undefined ? message : `${message} ${more.because}`,
      ...(at !== undefined && { at }),
      ...(more.advice !== undefined && { advice: more.advice }),
    });
  }

  /** An error of Salt's words whose causes are known better. */
  causedBy(code: string, message: string, causes: readonly Finding[]): void {
    this.messages.push(message);
    if (causes.length === 0) this.findings.push({ code, severity: "error", message });
    this.findings.push(...causes);
  }

  /** The same errors reported once more, as Salt does for an include that it meets twice. */
  repeat(messages: readonly string[]): void {
    // Includes that meet one another twice at each level would double them without end.
    for (const message of messages.slice(0, Math.max(0, MOST_REPEATS - this.messages.length))) this.messages.push(message);
  }
}
