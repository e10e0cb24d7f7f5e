import { execFile } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { HALITE } from "./halite.ts";

beforeAll(async () => {
  await build();
});

test.each([["--help"], ["sync", "--help"], ["render", "--help"]])("halite %s, to a disk that is full, is no success", async (...args) => {
  const ended = await new Promise((resolve) => {
    execFile("sh", ["-c", 'exec "$0" "$@" >/dev/full', process.execPath, HALITE, ...args], (error, _stdout, stderr) => {
      resolve({ status: error === null ? 0 : error.code, stderr });
    });
  });
  expect(ended).toEqual({ status: 3, stderr: expect.stringMatching(/^halite: what it says can't be written: .*ENOSPC.*\n$/) });
});
