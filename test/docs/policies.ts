import { readFileSync } from "node:fs";
import { POLICY_CODES, shippedPolicies } from "../../src/policy/index.ts";

const PAGE = new URL("../../docs/policies.md", import.meta.url);
const BEGIN = "<!-- codes: written by `npm run docs` -->\n";
const END = "<!-- end of codes -->\n";

/** docs/policies.md with its part on the codes as the code has it. */
export function policiesPage(): string {
  const text = readFileSync(PAGE, "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error("docs/policies.md has lost its marks");
  return `${before}${BEGIN}\n${codes()}\n${END}${after}`;
}

function codes(): string {
  const policies = shippedPolicies();
  return [
    "| code | by default | what |",
    "|---|---|---|",
    ...policies.map(({ code, severity, title }) => `| [\`${code}\`](#${anchor(code, title)}) | ${severity} | ${title} |`),
    ...POLICY_CODES.map(({ code, severity, about }) => `| \`${code}\` | ${severity} | ${about} |`),
    "",
    ...policies.flatMap(({ code, title, severity, looksAt, reason, advice }) => [
      `### \`${code}\`: ${title}`,
      "",
      `By default: ${severity}.`,
      "",
      `**Looks at** ${looksAt.charAt(0).toLowerCase()}${looksAt.slice(1)}`,
      "",
      `**Why** ${reason}`,
      "",
      `**What to do** ${advice.charAt(0).toUpperCase()}${advice.slice(1)}.`,
      "",
    ]),
  ].join("\n");
}

/** The anchor that GitHub gives the heading. */
function anchor(code: string, title: string): string {
  return `${code}: ${title}`
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}
