import { expect, test } from "vitest";
import { policiesPage } from "./policies.ts";

test("docs/policies.md has every code (`npm run docs` writes it)", async () => {
  await expect(policiesPage()).toMatchFileSnapshot("../../docs/policies.md");
});
