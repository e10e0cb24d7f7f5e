import type { Case, CaseAnswer } from "../jinja/semantics_cases.ts";

/** Where Salt's filters differ here on purpose. */
export interface SaltFilterException {
  readonly what: string;
  readonly reason: string;
  /** Whether a case, with Salt's answer, is one of these. */
  matches(one: Case, salt: CaseAnswer): boolean;
  /** Whether ours is then as meant. */
  ours(one: Case, answer: CaseAnswer): boolean;
}

/** Filters that reach the host, the network or randomness: never asked of the real Salt. */
export const IMPURE = [
  "dns_check",
  "file_hashsum",
  "gen_mac",
  "get_uid",
  "http_query",
  "is_bin_file",
  "is_empty",
  "is_text_file",
  "list_files",
  "rand_str",
  "random_hash",
  "random_sample",
  "random_shuffle",
  "random_str",
  "uuid",
  "which",
];

export const saltFilterExceptions: readonly SaltFilterException[] = [
  {
    what: "strftime and date_format without a date",
    reason: "The same input must give the same bytes on any machine; the error names the filter.",
    matches: (one) => (one.name === "strftime" || one.name === "date_format") && one.args[0] === null,
    ours: (_one, answer) => "error" in answer && answer.error[0] === "ImpureError" && answer.error[1].includes("strftime"),
  },
  {
    what: "the wording of errors about a value of a wrong type",
    reason:
      "Salt's filters do not check their arguments: what is said comes from wherever their Python first stumbles. Ours is an error too, in words of its own.",
    matches: (one, salt) =>
      "error" in salt &&
      (one.name === "from_entries" ||
        ["TypeError", "AttributeError", "IndexError", "KeyError", "UndefinedError", "RepresenterError"].includes(salt.error[0])),
    ours: (_one, answer) => "error" in answer,
  },
  {
    what: "safe strings and bytes given to text filters",
    reason:
      "Salt's result is safe again, half escaped or bytes by accident of markupsafe's operators; ours is the plain text, which prints the same where nothing is escaped.",
    matches: (one) =>
      ["quote", "regex_escape", "to_snake_case", "to_camelcase"].includes(one.name ?? "") && typeof one.args[0] !== "string",
    ours: () => true,
  },
];
