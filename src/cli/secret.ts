import { UsageError, type Command } from "./command.ts";
import { nearest } from "./parse.ts";

const ACTIONS: Readonly<Record<string, () => Promise<Command>>> = {
  seal: async () => (await import("./secret-seal.ts")).command,
  verify: async () => (await import("./secret-verify.ts")).command,
  list: async () => (await import("./secret-list.ts")).command,
  rotate: async () => (await import("./secret-rotate.ts")).command,
  edit: async () => (await import("./secret-edit.ts")).command,
};

/** `halite secret ACTION`. */
export const command: Command = {
  run: async (context) => {
    const [name, ...positional] = context.arguments.positional;
    const load = name === undefined ? undefined : ACTIONS[name];
    if (load === undefined) {
      const near = name === undefined ? undefined : nearest(name, Object.keys(ACTIONS));
      throw new UsageError(
        name === undefined
          ? "name an action: seal, verify, list, rotate or edit"
          : `there is no action ${name}${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
    return (await load()).run({ ...context, arguments: { ...context.arguments, positional } });
  },
};
