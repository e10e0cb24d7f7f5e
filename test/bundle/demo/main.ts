/** A controller of a few lines: says what it was started with. */
import { basename } from "node:path";
import { greeting } from "./greeting.ts";

console.log(JSON.stringify({ greeting: greeting("Lustre"), args: process.argv.slice(2), file: basename(__filename) }));
