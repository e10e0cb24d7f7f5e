import { FindingError } from "../../src/finding/index.ts";

/** What came of a load: `read`, or the findings' codes. */
export function verdict(load: () => unknown): string {
  try {
    load();
    return "read";
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return error.findings.map((finding) => finding.code).join();
  }
}
