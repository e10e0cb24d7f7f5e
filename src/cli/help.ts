import type { CommandSpec, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./parse.ts";
import type { Paint } from "./terminal.ts";

/** The overview: `halite --help`. */
export function overview(commands: readonly CommandSpec[], paint: Paint, width: number): string {
  const longest = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => hanging(`  ${command.name.padEnd(longest)}  `, command.summary, width));
  return [
    "Halite compiles Salt states and pillar into validated YAML addons for many Kubernetes clusters.",
    "",
    `${paint("bold", "Usage")}: halite COMMAND [OPTION…] [ARGUMENT…]`,
    "",
    paint("bold", "Commands"),
    ...lines,
    "",
    paint("bold", "Options"),
    "  -h, --help     print this help, or with a command that command's",
    "      --version  print the version",
    "",
    paint("bold", "Environment"),
    "  NO_COLOR       no colour, whatever the terminal",
    "",
    "`halite COMMAND --help` has each command's options, exit codes and examples.",
    "",
  ].join("\n");
}

/** A command's page: synopsis, description, options, exit codes, examples. */
export function commandHelp(spec: CommandSpec, paint: Paint, width: number): string {
  const options = [...spec.options, ...COMMON_OPTIONS];
  const heads = options.map(optionHead);
  const longest = Math.max(...heads.map((head) => head.length));
  const lines = [
    `halite ${spec.name}: ${spec.summary}`,
    "",
    `${paint("bold", "Usage")}: halite ${spec.name}${spec.synopsis === "" ? "" : ` ${spec.synopsis}`} [OPTION…]`,
    "",
    ...spec.description.split("\n").map((paragraph) => hanging("", paragraph, width)),
    "",
    paint("bold", "Options"),
    ...options.map((option, index) => hanging(`  ${(heads[index] ?? "").padEnd(longest)}  `, option.summary, width)),
    "",
    paint("bold", "Exit codes"),
    ...spec.exits.map(([code, meaning]) => hanging(`  ${code}  `, meaning, width)),
    "",
    paint("bold", "Examples"),
    ...spec.examples.flatMap(([line, meaning]) => [`  ${paint("cyan", `$ ${line}`)}`, hanging("      ", meaning, width)]),
    "",
  ];
  return lines.join("\n");
}

function optionHead(option: OptionSpec): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}

/** Wraps a text at the width, with later lines under where the first began. */
function hanging(head: string, text: string, width: number): string {
  const room = Math.max(20, width - head.length);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines
    .map((each, index) => (index === 0 ? head : " ".repeat(head.length)) + each)
    .join("\n")
    .replace(/[ ]+$/gm, "");
}
