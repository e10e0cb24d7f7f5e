/**
 * Salt's own Jinja filters and tests (Salt 3007.1), those that need no loaded data: an environment adds them to Jinja's, where they win.
 * What reaches the host, the network, the clock or randomness is refused by an ImpureError that names it.
 */
import { builtinTests, pythonFilter, semantics, type FilterFunction, type TestFunction } from "../../jinja/index.ts";
import { str } from "../../python/index.ts";
import { loadJson } from "../data/index.ts";
import { dataFilters } from "./data.ts";
import { dateFilters } from "./dates.ts";
import { hashFilters } from "./hashes.ts";
import { impureFilters } from "./impure.ts";
import { networkFilters } from "./network.ts";
import { compileQuery } from "./jmespath.ts";
import { serialFilters } from "./serial.ts";
import { isMatch, textFilters } from "./text.ts";

/** `json_query`: JMESPath. */
const jsonQuery = pythonFilter(semantics.signature("json_query", ["data", "expr"]), (_, [data = null, expression = null]) =>
  compileQuery(str(expression), loadJson)(data),
);

/** Salt's filters by name. `indent` stays Jinja's, as in Salt. */
export const saltFilters: ReadonlyMap<string, FilterFunction> = new Map(
  Object.entries({
    ...textFilters,
    ...dataFilters,
    ...hashFilters,
    ...networkFilters,
    ...dateFilters,
    ...serialFilters,
    ...impureFilters,
    json_query: jsonQuery,
  }),
);

/** Salt's tests by name. */
export const saltTests: ReadonlyMap<string, TestFunction> = new Map<string, TestFunction>([
  ["match", (_state, value, args, kwargs) => isMatch(value, args, kwargs)],
  ["equalto", (state, value, args, kwargs) => builtinTests.get("equalto")?.(state, value, args, kwargs) ?? false],
  ["list", (_state, value) => Array.isArray(value)],
]);
