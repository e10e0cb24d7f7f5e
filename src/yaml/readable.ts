import { YamlError } from "./error.ts";
import type { Source } from "./source.ts";

/** Most texts are ASCII, which this settles several times faster than the whole rule. */
const UNUSUAL = /[^\t\n\r\x20-\x7e]/;
const UNREADABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Refuses the characters that YAML 1.1 does not take unescaped, as libyaml's reader does before anything is parsed (reader.c). */
export function checkReadable(source: Source): void {
  if (!UNUSUAL.test(source.text)) return;
  const found = UNREADABLE.exec(source.text);
  if (found === null) return;
  const code = found[0].codePointAt(0) ?? 0;
  const position = Buffer.byteLength(source.text.slice(0, found.index));
  throw new YamlError(source, {
    code: "yaml-syntax",
    type: "ReaderError",
    problem: "control characters are not allowed",
    problemAt: found.index,
    text: `unacceptable character #x${code.toString(16).padStart(4, "0")}: control characters are not allowed\n  in "<unicode string>", position ${position}`,
    advice: `the character U+${code.toString(16).toUpperCase().padStart(4, "0")} must be escaped, in double quotes`,
  });
}
