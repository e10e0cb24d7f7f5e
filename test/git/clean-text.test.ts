import { describe, expect, test } from "vitest";
import { cleanText, maskText, parseRemote } from "../../src/git/index.ts";

describe("what another machine says", () => {
  test.each([
    ["colours", "\u001b[31mrefused\u001b[0m", "refused"],
    ["a title for the terminal's window", "\u001b]0;owned\u0007hello", "hello"],
    ["a line that was written over", "remote: 10%\rremote: done\r\n", "remote: done\n"],
    ["backspaces and bells", "a\bb\u0007c", "abc"],
    ["marks that turn the order of letters", "abc\u202etxt.exe", "abctxt.exe"],
    ["control characters of ISO 6429", "a\u009b31mb", "ab"],
    ["tabs and lines", "a\tb\nc", "a\tb\nc"],
  ])("%s", (_name, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
});

describe("secrets in it are masked", () => {
  test.each([
    ["a token", "fatal: tok3n/a+b is wrong", "fatal: *** is wrong"],
    [
      "a user and password",
      "unable to access 'https://ada:pw@git.example.com/a.git/'",
      "unable to access 'https://***@git.example.com/a.git/'",
    ],
    ["a token for a user", "https://ghp_abc@github.com/a", "https://***@github.com/a"],
    ["ssh's user stays, its password does not", "ssh://git:pw@host/a ssh://git@host/a", "ssh://git:***@host/a ssh://git@host/a"],
    ["a header", "Authorization: Bearer abc.def", "Authorization: Bearer ***"],
  ])("%s", (_name, text, masked) => {
    expect(maskText(text, ["tok3n/a+b"])).toBe(masked);
  });
});

describe("remotes", () => {
  test.each([
    ["https://git.example.com/a.git", { kind: "url", transport: "http", display: "https://git.example.com/a.git" }],
    ["https://ada@git.example.com/a.git", { kind: "url", transport: "http", display: "https://***@git.example.com/a.git" }],
    ["ssh://git@host:22/a.git", { kind: "url", transport: "ssh", display: "ssh://git@host:22/a.git" }],
    ["git@host:a.git", { kind: "url", transport: "ssh", display: "git@host:a.git" }],
    ["file:///srv/a.git", { kind: "url", transport: "other", display: "file:///srv/a.git" }],
    [".halite/addons.git", { kind: "embedded", path: "/fleet/.halite/addons.git", display: ".halite/addons.git" }],
    ["/srv/a:b.git", { kind: "embedded", path: "/srv/a:b.git", display: "/srv/a:b.git" }],
  ])("%s", (text, expected) => {
    expect(parseRemote(text, "/fleet")).toMatchObject(expected);
  });

  test.each(["https://ada:pw@git.example.com/a.git", "ssh://ada:pw@host/a.git"])("a password is refused: %s", (text) => {
    expect(() => parseRemote(text, "/fleet")).toThrow(/^the remote \S+\*\*\*@\S+ holds a password$/);
  });
});
