import { YamlError } from "./error.ts";
import type { Offset, Source } from "./source.ts";

/** A part of a stream: what stands between two separators. */
export interface Part {
  readonly from: Offset;
  readonly to: Offset;
}

/**
 * Splits a stream as kubectl's reader does (YAMLReader of k8s.io/apimachinery v0.35, pkg/util/yaml/decoder.go): a line that begins with `---` ends
 * a part, or opens one where there is none yet; only a comment may stand behind it.
 *
 * @throws YamlError `yaml-syntax`
 */
export function splitStream(source: Source): Part[] {
  const { text } = source;
  if (!text.includes("---")) return text === "" ? [] : [{ from: 0, to: text.length }];
  const parts: Part[] = [];
  let from = 0;
  let at = text.startsWith("---") ? 0 : lineWithSeparator(text, 0);
  while (at >= 0) {
    const next = text.indexOf("\n", at);
    const end = next < 0 ? text.length : next;
    const rest = text.slice(at + 3, end).replace(GO_SPACE, "");
    if (rest !== "" && !rest.startsWith("#")) {
      throw new YamlError(source, {
        code: "yaml-syntax",
        type: "ScannerError",
        problem: `invalid Yaml document separator: ${rest}`,
        problemAt: at,
        advice: "only a comment may follow `---` on its line",
      });
    }
    if (at > from) {
      parts.push({ from, to: at });
      from = Math.min(end + 1, text.length);
    }
    at = next < 0 ? -1 : text.startsWith("---", next + 1) ? next + 1 : lineWithSeparator(text, next + 1);
  }
  if (from < text.length) parts.push({ from, to: text.length });
  return parts;
}

/** What Go's strings.TrimSpace takes off. */
const GO_SPACE = /^(?:(?!\ufeff)[\s\x85])+|(?:(?!\ufeff)[\s\x85])+$/g;

/** Where the first line after `from` begins that has a separator, or -1. */
function lineWithSeparator(text: string, from: number): number {
  const found = text.indexOf("\n---", from);
  return found < 0 ? -1 : found + 1;
}
