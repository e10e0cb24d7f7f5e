import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffHtml } from "../../src/diff/format/html.ts";
import { richDiff } from "./rich-fleet.ts";

const CHROMIUM = "/usr/bin/chromium";
const VIEWPORTS = { desktop: { width: 1280, height: 800 }, phone: { width: 375, height: 700 } } as const;

describe.skipIf(!existsSync(CHROMIUM) && process.env["CI"] !== "true")("the page of a difference, in a browser", () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    folder = mkdtempSync(join(tmpdir(), "halite-page-"));
    writeFileSync(join(folder, "diff.html"), diffHtml(richDiff()));
    url = `file://${join(folder, "diff.html")}`;
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A page that may ask for nothing, with what its console said. */
  async function open(
    viewport: (typeof VIEWPORTS)[keyof typeof VIEWPORTS],
    hash = "",
    script = true,
  ): Promise<{ readonly page: Page; readonly said: string[] }> {
    const context = await browser.newContext({ viewport, javaScriptEnabled: script, offline: true });
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) said.push(`asked for ${request.url()}`);
    });
    await page.goto(url + hash);
    return { page, said };
  }

  const shown = (page: Page): Promise<string[]> => page.locator("article:visible summary strong").allTextContents();

  test.for(["desktop", "phone"] as const)("fits a %s and breaks none of its rules", async (name) => {
    const { page, said } = await open(VIEWPORTS[name]);
    // Nothing but the changes themselves, which scroll by themselves, is wider than the window.
    for (const each of await page.locator("article > details").all()) await each.evaluate((element) => element.setAttribute("open", ""));
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(VIEWPORTS[name].width);
    expect(said).toStrictEqual([]);
    const folderOfShots = process.env["HALITE_SHOTS"];
    if (folderOfShots !== undefined) await page.screenshot({ path: join(folderOfShots, `diff-${name}.png`), fullPage: true });
    await page.context().close();
  });

  test("narrows the list by cluster, kind, danger and text, and keeps that in its address", async () => {
    const { page } = await open(VIEWPORTS.desktop);
    const all = await shown(page);
    expect(all).not.toContain("ResourceQuota csi/quota of no meaning");
    await page.selectOption("select[name=cluster]", "c4");
    expect((await shown(page)).length).toBeLessThan(all.length);
    await page.selectOption("select[name=kind]", "ConfigMap");
    expect(await shown(page)).toStrictEqual(["ConfigMap csi/conf", "ConfigMap csi/extra"]);
    await page.fill("input[name=text]", "extra");
    expect(await shown(page)).toStrictEqual(["ConfigMap csi/extra"]);
    const address = page.url();
    expect(address).toContain("#cluster=c4&kind=ConfigMap&text=extra");
    const again = await open(VIEWPORTS.desktop, address.slice(address.indexOf("#")));
    expect(await shown(again.page)).toStrictEqual(["ConfigMap csi/extra"]);
    await again.page.fill("input[name=text]", "nothing like that");
    expect(await again.page.locator("#nothing").isVisible()).toBe(true);
    await again.page.context().close();
    await page.goto(`${url}#danger=critical`);
    await page.reload();
    expect(await shown(page)).toStrictEqual(["PersistentVolumeClaim csi/data"]);
    await page.context().close();
  });

  test("opens the change that a link names", async () => {
    const { changes } = richDiff();
    const wanted = changes.find(({ change }) => change.change === "changed" && change.after.kind === "Secret");
    const { page } = await open(VIEWPORTS.phone, `#c-${wanted?.id ?? ""}`);
    const article = page.locator(`#c-${wanted?.id ?? ""}`);
    expect(await article.locator(".field").first().isVisible()).toBe(true);
    expect(await article.locator(".field").first().textContent()).toContain("changed");
    await page.context().close();
  });

  test("is there without its script", async () => {
    const { page, said } = await open(VIEWPORTS.desktop, "", false);
    expect((await shown(page)).length).toBe(richDiff().changes.length);
    expect(said).toStrictEqual([]);
    await page.context().close();
  });
});
