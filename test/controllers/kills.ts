/**
 * How long tests kill controllers in the virtual machine: for some operations, or as many of them as are done in a minute and a half. `HALITE_KILLS=200` has
 * as many as that done however long it takes; `HALITE_KILLS_MINUTES` ends them after so many minutes.
 *
 * @param few operations without HALITE_KILLS
 */
export function killsFor(few: number): { readonly operations: number; readonly milliseconds: number } {
  const given = process.env["HALITE_KILLS"];
  const minutes = process.env["HALITE_KILLS_MINUTES"] ?? (given === undefined ? "1.5" : "600");
  return { operations: Number(given ?? few), milliseconds: Number(minutes) * 60_000 };
}
