// `npm run demo`: installs, builds, and shows the shipped fleet on a throw-away control plane (scripts/demo.ts).
import { build } from "./build.mjs";
import { tsImport } from "tsx/esm/api";

await build();
await tsImport("./demo.ts", import.meta.url);
