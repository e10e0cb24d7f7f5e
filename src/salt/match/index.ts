/**
 * The room of targets: whether a minion is meant by an expression, by Salt's matchers (salt/matchers/, salt/utils/minions.py, 3007.1).
 * Used by both top files, by the `match.*` execution functions and by `--clusters`.
 */
export { confirmTop } from "./confirm.ts";
export { matches } from "./matches.ts";
export { type Engine, type Subject } from "./subject.ts";
