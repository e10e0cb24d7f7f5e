// The rooms of src/ and what each may import (docs/architecture.md).
const rooms = {
  python: [],
  finding: [],
  json: [],
  jinja: [],
  yaml: [],
  memo: [],
  salt: ["jinja", "yaml", "memo", "sealed"],
  schema: ["yaml"],
  sealed: ["yaml"],
  bundle: [],
  addon: ["yaml", "schema", "sealed", "bundle"],
  policy: ["yaml", "schema", "addon", "sealed"],
  fleet: ["salt", "addon", "policy", "schema", "yaml", "memo", "sealed", "bundle"],
  unseal: ["sealed", "yaml"],
  diff: ["addon", "schema", "sealed", "yaml"],
  git: [],
  cluster: ["addon", "diff", "sealed", "yaml", "kubernetes"],
  kubernetes: [],
  controllers: ["kubernetes"],
  publish: ["git", "addon", "policy", "schema", "sealed", "yaml"],
  sync: ["git", "cluster", "kubernetes", "fleet", "sealed", "yaml", "controllers"],
};
/** Rooms that every room may import. */
const base = ["python", "finding", "json"];

module.exports = {
  forbidden: [
    { name: "nothing-imports-cli", severity: "error", from: { pathNot: "^(src/cli|test|bench)/" }, to: { path: "^src/cli/" } },
    { name: "src-not-test", severity: "error", from: { path: "^src/" }, to: { path: "^(test|bench|scripts)/" } },
    { name: "no-orphans", severity: "error", from: { orphan: true, path: "^src/", pathNot: "\\.d\\.ts$" }, to: {} },
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room-${room}`,
      comment: `src/${room} may import ${[...base, ...may].join(", ")} and nothing else of src/`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: "^src/", pathNot: `^src/(${[room, ...base, ...may].join("|")})/` },
    })),
    ...Object.keys(rooms).map((room) => ({
      name: `face-${room}`,
      comment: `other rooms import src/${room}/index.ts only (of controllers: runtime/index.ts)`,
      severity: "error",
      from: { path: "^src/", pathNot: `^src/${room}/` },
      to: { path: `^src/${room}/`, pathNot: `^src/${room}/(index|types|runtime/index)\\.ts$` },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    exclude: { path: "^test/\\.cache" },
  },
};
