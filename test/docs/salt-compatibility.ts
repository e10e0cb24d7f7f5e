import { EXCEPTIONS as JINJA } from "../jinja/exceptions.ts";
import { semanticsExceptions } from "../jinja/semantics_exceptions.ts";
import { FILE_STATE_EXCEPTIONS } from "../salt/exceptions-filestate.ts";
import { RENDER_EXCEPTIONS } from "../salt/exceptions-render.ts";
import { TREE_EXCEPTIONS } from "../salt/exceptions-state.ts";
import { saltFilterExceptions } from "../salt/filters_exceptions.ts";
import { EXCEPTIONS as SCHEMA } from "../schema/exceptions.ts";
import { kubernetesExceptions, saltExceptions } from "../yaml/exceptions.ts";

/** Each is the code of a finding in test/salt/golden/hostile-trees.txt or of the rooms' own tests. */
const LIMITS: readonly { readonly what: string; readonly limit: string; readonly code: string }[] = [
  { what: "steps of one template", limit: "2,000,000 loop turns, calls and statements", code: "jinja-limit-steps" },
  { what: "what one template prints", limit: "32 Mi characters", code: "jinja-limit-output" },
  { what: "includes, imports and macros within each other", limit: "200 deep", code: "jinja-limit-depth" },
  { what: "all renders of one minion", limit: "8,000,000 steps, and 200 more for each character of source", code: "jinja-limit-steps" },
  {
    what: "data that a minion's SLS render to",
    limit: "320 Ki characters, and 20 more for each character of source",
    code: "salt-limit-data",
  },
  { what: "nesting of data, includes of pillar, key paths", limit: "100 deep", code: "salt-limit-depth" },
  {
    what: "a search by a regular expression",
    limit: "1,000,000 steps, and one more for each place of the text",
    code: "salt-python-error",
  },
  { what: "collections of a YAML file within each other", limit: "400 deep; 1,000,000 nodes after aliases", code: "yaml-limit" },
  { what: "a file that file.replace, comment or uncomment edits", limit: "512 KiB", code: "file-state" },
];

interface Section {
  readonly title: string;
  readonly intro: string;
  readonly head: readonly [string, string, string, string];
  readonly rows: readonly (readonly [what: string, real: string, ours: string, reason: string])[];
}

/** `docs/salt-compatibility.md`, made of the tables that the differential tests hold. */
export function saltCompatibility(): string {
  const sections: Section[] = [
    {
      title: "Templates",
      intro: "Against Jinja2 3.1.6 in the sandbox that Salt uses.",
      head: ["template", "Jinja2", "Halite", "why"],
      rows: [
        ...JINJA.map(({ template, real, ours, reason }): Section["rows"][number] => [
          template,
          JSON.stringify(real),
          JSON.stringify(ours),
          reason,
        ]),
        ...semanticsExceptions.map(({ what, reason }): Section["rows"][number] => [what, "", "", reason]),
      ],
    },
    {
      title: "Salt's filters",
      intro: "Against the filters and tests that Salt 3007.1 adds.",
      head: ["what", "Salt", "Halite", "why"],
      rows: saltFilterExceptions.map(({ what, reason }) => [what, "", "", reason]),
    },
    {
      title: "YAML of Salt",
      intro: "Against `salt.utils.yaml` of Salt 3007.1 on PyYAML 6.0.3.",
      head: ["text", "Salt", "Halite", "why"],
      rows: saltExceptions.map(({ text, real, halite, reason }) => [text, real, halite, reason]),
    },
    {
      title: "YAML of manifests",
      intro: "Against sigs.k8s.io/yaml and apimachinery's stream reader.",
      head: ["text", "Kubernetes", "Halite", "why"],
      rows: kubernetesExceptions.map(({ text, real, halite, reason }) => [text, real, halite, reason]),
    },
    {
      title: "Renderers and execution modules",
      intro: "Against `salt.template` and the execution modules of Salt 3007.1.",
      head: ["case", "Salt", "Halite", "why"],
      rows: RENDER_EXCEPTIONS.map((each) => [each.case, each.salt, each.halite, each.reason]),
    },
    {
      title: "Top files, pillar, states",
      intro: "Against `salt.state.HighState` and `salt.pillar.Pillar` of Salt 3007.1.",
      head: ["tree", "Salt", "Halite", "why"],
      rows: TREE_EXCEPTIONS.map(({ title, real, ours, reason }) => [
        title,
        typeof real === "string" ? real : JSON.stringify(real),
        JSON.stringify(ours),
        reason,
      ]),
    },
    {
      title: "File states",
      intro: "Against the files that a real `state.apply` of Salt 3007.1 left.",
      head: ["tree", "Salt", "Halite", "why"],
      rows: FILE_STATE_EXCEPTIONS.map(({ tree, real, ours, reason }) => [tree, real, ours, reason]),
    },
    {
      title: "Limits",
      intro:
        "Salt has none of these. They are counted, never timed, grow with the size of the tree, and keep a few lines of text from taking a machine down; `test/salt/hostile-trees.ts` has a tree for each.",
      head: ["what", "Salt", "Halite", "why"],
      rows: LIMITS.map(({ what, limit, code: name }) => [
        what,
        "none",
        `${limit} (${name})`,
        "a compile ends, and says where it went wrong",
      ]),
    },
    {
      title: "Validation",
      intro:
        "Against a real kube-apiserver with `dryRun=All&fieldValidation=Strict`. Here Halite is compared with Kubernetes rather than with Salt.",
      head: ["object", "API server", "Halite", "why"],
      rows: SCHEMA.map((each) => [each.case, each.server, each.ours, each.reason]),
    },
  ];
  return [
    "# Where Halite differs from the real programs",
    "",
    "Everything that is not listed here is meant to be equal, and differential tests judge it by the real program: Salt 3007.1, Jinja2 3.1.6,",
    "PyYAML 6.0.3, sigs.k8s.io/yaml, kube-apiserver 1.36. Each row is a case that a test holds on both sides. This page is generated: `npm run docs`.",
    "",
    ...sections.flatMap(sectionLines),
  ].join("\n");
}

function sectionLines({ title, intro, head, rows }: Section): string[] {
  const bare = rows.every(([, real, ours]) => real === "" && ours === "");
  const pick = (row: readonly [string, string, string, string]): readonly string[] => (bare ? [row[0], row[3]] : row);
  const lines = rows.map((row) => `| ${pick([code(row[0]), code(row[1]), code(row[2]), cell(row[3])]).join(" | ")} |`);
  return [
    `## ${title}`,
    "",
    intro,
    "",
    `| ${pick(head).join(" | ")} |`,
    `|${pick(head)
      .map(() => "---|")
      .join("")}`,
    ...new Set(lines),
    "",
  ];
}

/** A cell of prose, on one line. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}

/** A cell of code, short and on one line; prose that looks like prose is left as such. */
function code(text: string): string {
  if (text === "") return "";
  const line = text.replaceAll("\n", "⏎");
  const short = line.length > 160 ? `${line.slice(0, 157)}…` : line;
  if (/^[\w,;:' ().-]+$/.test(short) && short.includes(" ")) return cell(short);
  const ticks = short.includes("`") ? "``" : "`";
  return `${ticks}${short.replaceAll("|", "\\|")}${ticks}`;
}
