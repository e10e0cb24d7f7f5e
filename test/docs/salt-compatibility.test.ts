import { expect, test } from "vitest";
import { saltCompatibility } from "./salt-compatibility.ts";

test("docs/salt-compatibility.md is what the tests' tables give (`npm run docs` writes it)", async () => {
  await expect(saltCompatibility()).toMatchFileSnapshot("../../docs/salt-compatibility.md");
});
