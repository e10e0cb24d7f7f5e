// For esbuild: what is imported from a room is taken from the file that has it. The bundler loads a room's index with all that it names, so that a command
// that needs one function of a room would otherwise load the whole of it at each start. Nothing happens at import, so that the order does not matter.
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

const LIST = /^(import|export) \{([^}]*)\} from "(\.[^"]+)";/gm;

/** @param {string} root the project's folder, with a slash at its end */
export function directImports(root) {
  /** @type {Map<string, Map<string, { file: string, name: string }>>} */
  const rooms = new Map();

  /** What an index gives: by name, the file and the name there. */
  function roomOf(index) {
    const known = rooms.get(index);
    if (known !== undefined) return known;
    const given = new Map();
    rooms.set(index, given);
    for (const [, word, names, from] of readFileSync(index, "utf8").matchAll(LIST)) {
      if (word !== "export") continue;
      const file = resolve(dirname(index), from);
      for (const { name, as } of valuesOf(names))
        given.set(as, file.endsWith("/index.ts") ? (roomOf(file).get(name) ?? { file, name }) : { file, name });
    }
    return given;
  }

  return {
    name: "direct-imports",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!path.startsWith(`${root}src/`) || path.endsWith("/index.ts")) return undefined;
        const text = readFileSync(path, "utf8");
        const contents = text.replaceAll(LIST, (whole, word, names, from) => {
          if (word !== "import" || !from.endsWith("/index.ts")) return whole;
          const index = resolve(dirname(path), from);
          const given = roomOf(index);
          const lines = valuesOf(names).map(({ name, as }) => {
            const at = given.get(name) ?? { file: index, name };
            const to = relative(dirname(path), at.file);
            return `import { ${at.name} as ${as} } from ${JSON.stringify(to.startsWith(".") ? to : `./${to}`)};`;
          });
          // Lines stay where they were.
          return lines.join(" ") + "\n".repeat(whole.split("\n").length - 1);
        });
        return { contents, loader: "ts" };
      });
    },
  };
}

/** The names of a list that are values: types are gone when the program runs. */
function valuesOf(names) {
  return names
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "" && !each.startsWith("type "))
    .map((each) => {
      const [name = "", as = name] = each.split(/\s+as\s+/);
      return { name, as };
    });
}
