import { UsageError, type Command, type CommandSpec } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { COMMON_OPTIONS } from "./parse.ts";

/** `halite completion SHELL`. */
export const command: Command = {
  run: ({ arguments: args, terminal }) => {
    const shell = args.positional[0];
    const scripts: Readonly<Record<string, () => string>> = { bash, zsh, fish };
    const script = shell === undefined ? undefined : scripts[shell];
    if (script === undefined) throw new UsageError("name a shell: bash, zsh or fish");
    terminal.out(script());
    return Promise.resolve(0);
  },
};

function optionWords(spec: CommandSpec): string {
  return [...spec.options, ...COMMON_OPTIONS].map((option) => `--${option.name}`).join(" ");
}

function bash(): string {
  const cases = COMMANDS.map((spec) => `    ${spec.name}) words="${[...(spec.words ?? []), optionWords(spec)].join(" ")}" ;;`);
  return `# bash completion for halite
_halite() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words
  case "$previous" in
    --config|-c|--minion-config|--out|--rendered) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${COMMANDS.map((spec) => spec.name).join(" ")} --help --version"
  else case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _halite halite
`;
}

function zsh(): string {
  const commands = COMMANDS.map((spec) => `    '${spec.name}:${spec.summary.replaceAll("'", "'\\''")}'`);
  const cases = COMMANDS.map((spec) => {
    const options = [...spec.options, ...COMMON_OPTIONS].map(
      (option) =>
        `'--${option.name}[${option.summary.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&")}]${option.value === undefined ? "" : `:${option.value}:_files`}'`,
    );
    return `    ${spec.name}) _arguments ${options.join(" ")}${spec.words === undefined ? "" : ` '1:word:(${spec.words.join(" ")})'`} ;;`;
  });
  return `#compdef halite
_halite() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command="$words[2]"
  shift words; (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
compdef _halite halite
`;
}

/** A word in fish's single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function fish(): string {
  const lines = ["# fish completion for halite", "complete -c halite -f"];
  for (const spec of COMMANDS) {
    lines.push(`complete -c halite -n __fish_use_subcommand -a ${spec.name} -d ${quote(spec.summary)}`);
    const when = `-n '__fish_seen_subcommand_from ${spec.name}'`;
    for (const word of spec.words ?? []) lines.push(`complete -c halite ${when} -a ${word}`);
    for (const option of [...spec.options, ...COMMON_OPTIONS]) {
      lines.push(
        `complete -c halite ${when} -l ${option.name}${option.short === undefined ? "" : ` -s ${option.short}`}${option.value === undefined ? "" : " -r -F"} -d ${quote(option.summary)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
