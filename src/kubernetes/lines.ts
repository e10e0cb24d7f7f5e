import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/**
 * The lines of a body as they come, the last one also where its end is missing.
 *
 * Node's readline goes on reading after the loop over it was left, and an error of the body then finds nobody who hears it; of a body that ended before
 * it was begun with it waits for ever.
 *
 * @throws what the body does, also where it was destroyed before
 */
export async function* linesOf(body: Readable): AsyncGenerator<string, void> {
  const decoder = new StringDecoder("utf8");
  let begun: string[] = [];
  for await (const chunk of body) {
    const [first = "", ...others] = (typeof chunk === "string" ? chunk : decoder.write(chunk)).split("\n");
    begun.push(first);
    for (const next of others) {
      yield begun.join("");
      begun = [next];
    }
  }
  const last = begun.join("") + decoder.end();
  if (last !== "") yield last;
}
