import { title, type Case, type CaseAnswer } from "./semantics_cases.ts";
import { semanticsExceptions } from "./semantics_exceptions.ts";

/** What differs and is no known exception, one example of each kind; empty where nothing does. */
export function differences(cases: readonly Case[], ours: readonly CaseAnswer[], theirs: readonly CaseAnswer[]): string {
  const wrong = new Map<string, string>();
  let count = 0;
  cases.forEach((one, index) => {
    const python = comparable(one, theirs[index] as CaseAnswer);
    const mine = ours[index] as CaseAnswer;
    const known = semanticsExceptions.find((exception) => exception.matches(one, python));
    if (known === undefined ? JSON.stringify(mine) === JSON.stringify(python) : known.ours(one, mine)) return;
    count++;
    const pair = `\n   python ${JSON.stringify(python)}\n   ours   ${JSON.stringify(mine)}`;
    if (!wrong.has(pair)) wrong.set(pair, title(one) + pair);
  });
  return count === 0 ? "" : `${count} of ${cases.length} differ\n${[...wrong.values()].slice(0, 80).join("\n")}`;
}

/** Error messages that name a place in memory or a type that only Python has are not compared beyond their type. */
function comparable(one: Case, theirs: CaseAnswer): CaseAnswer {
  if (one.kind === "item" && "error" in theirs) return { error: ["LookupError", "none"] };
  return theirs;
}
