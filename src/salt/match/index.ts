/**
 * The room of targets: whether a minion is meant by an expression, by Salt's matchers (salt/matchers/, salt/utils/minions.py, 3007.1).
 * Used by both top files, by the `match.*` execution functions and by `--clusters`.
 */
export { confirmTop } from "./confirm.ts";
export { matches, testId } from "./matches.ts";
export { subjectOf, type Engine, type Subject } from "./subject.ts";
