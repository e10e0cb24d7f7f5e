import { encodedReference, encodedReferences } from "./encoded.ts";

/** What is left of a reference that something has been done to. */
export interface Mangled {
  readonly what: string;
  readonly advice: string;
}

const KINDS = ["sops", "pgp", "barbican", "secret"];
/** `:spos{?`, as `reverse` leaves it. */
const REVERSED = new RegExp(KINDS.map((kind) => `:${Array.from(kind).reverse().join("")}\\{\\?`).join("|"));
/** As `urlencode` leaves it. */
const PERCENT = new RegExp(`(?:%3f|\\?)(?:%7b|\\{)(?:${KINDS.join("|")})(?:%3a|:)`, "i");
const HEX = new RegExp(KINDS.map((kind) => Buffer.from(`?{${kind}:`, "utf8").toString("hex")).join("|"), "i");
/** The end of a reference without its beginning. */
const TAIL = /(?:^|[^/?{\w.:%-])(?:(?:[a-z]{0,7}:)?[\w./-]*\.sops\.(?:ya?ml|json)#[\w.~%/-]+)[^\s}]*\}/;
const DO = "put the reference there as it is: join it to other text, quote or indent it, or write it with json, yaml or base64_encode";

/** Looks in a text for what were references before they were changed; references that are whole, or only malformed, are not its concern. */
export function mangledReference(text: string): Mangled | undefined {
  if (REVERSED.test(text)) return { what: "a reference written backwards", advice: DO };
  if (PERCENT.test(text) && !/\?\{/.test(PERCENT.exec(text)?.[0] ?? "?{")) return { what: "a reference in percent encoding", advice: DO };
  if (HEX.test(text)) return { what: "a reference in hexadecimal", advice: DO };
  for (const run of encodedReferences(text)) {
    if (encodedReference(run, text) !== undefined) continue;
    return {
      what: "base64 of a text with a reference within another text",
      advice: "base64 of the reference alone can stand in another text, and any text as a whole in `data`; or seal the whole as one value",
    };
  }
  const withoutWhole = text.replace(/\?\{[^}\s]*\}/g, "");
  if (withoutWhole.includes(".sops.") && TAIL.test(withoutWhole))
    return { what: "the end of a reference without its beginning", advice: DO };
  return undefined;
}
