/** What `npm test` runs before the tests with CSI's own programs: builds what is not there yet. Arguments: some of their names. */
import { buildCsiTools, CSI_TOOLS } from "./build.ts";

const asked = process.argv.slice(2);
const reasons = await buildCsiTools(asked.length === 0 ? CSI_TOOLS : CSI_TOOLS.filter((name) => asked.includes(name)));
if (reasons.length > 0) {
  console.error(reasons.join("\n"));
  process.exitCode = 1;
}
