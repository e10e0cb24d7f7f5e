/** Requisites whose lists are joined where an ID is extended (salt/state.py STATE_REQUISITE_KEYWORDS, 3007.1). */
export const REQUISITES: ReadonlySet<string> = new Set([
  "onchanges",
  "onchanges_any",
  "onfail",
  "onfail_any",
  "onfail_all",
  "onfail_stop",
  "prereq",
  "prerequired",
  "watch",
  "watch_any",
  "require",
  "require_any",
  "listen",
]);

/** Requisites that requisite_in turns into others. */
export const REQUISITES_IN: ReadonlySet<string> = new Set([
  "require_in",
  "watch_in",
  "onfail_in",
  "onchanges_in",
  "use",
  "use_in",
  "prereq",
  "prereq_in",
]);

/** What `use` never takes over, besides `name` and `names`. */
export const NOT_USED: ReadonlySet<string> = new Set([...REQUISITES_IN, "require", "watch", "onfail", "onfail_stop", "onchanges"]);

/** Requisites that name chunks to be run first, in the order in which `call_chunk` looks for them. */
export const RUN_REQUISITES = [
  "require",
  "require_any",
  "watch",
  "watch_any",
  "prereq",
  "onfail",
  "onfail_any",
  "onfail_all",
  "onchanges",
  "onchanges_any",
  "prerequired",
] as const;
