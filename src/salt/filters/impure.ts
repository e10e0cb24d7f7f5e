import { RANDOM, refusedFilter, type FilterFunction } from "../../jinja/index.ts";

const HOST = "it looks at the machine that compiles, and a compile must give the same bytes on any machine";
const NETWORK = "it asks the network, whose answer changes";

/** Filters that are refused, and why. `uuid` is a pure function in Salt 3007.1, but is refused as the project's list of filters says. */
const REASONS: Readonly<Record<string, string>> = {
  dns_check: NETWORK,
  file_hashsum: HOST,
  gen_mac: RANDOM,
  get_uid: HOST,
  http_query: NETWORK,
  is_bin_file: HOST,
  is_empty: HOST,
  is_text_file: HOST,
  list_files: HOST,
  rand_str: RANDOM,
  random_hash: RANDOM,
  random_sample: RANDOM,
  random_shuffle: RANDOM,
  random_str: RANDOM,
  uuid: "identifiers made at compile time are not offered; write the value into the pillar",
  which: HOST,
};

/** The filters that a compile refuses, each with its reason. */
export const impureFilters: Readonly<Record<string, FilterFunction>> = Object.fromEntries(
  Object.entries(REASONS).map(([name, reason]) => [name, refusedFilter(name, reason)]),
);
