// An example's page in Chromium: opened, and held to what every one of them has to keep.
import assert from "node:assert/strict";

/** Opens a page and waits until it says what is expected; complaints, violations and foreign addresses are failures. */
export async function openExample(browser, url, expected) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const [complaints, requests] = [[], []];
  page.on("console", (message) => {
    const icon = message.location().url.endsWith("/favicon.ico");
    if (["error", "warning"].includes(message.type()) && !icon) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  context.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  await page
    .waitForFunction((expected) => document.querySelector("#state")?.textContent === expected, expected, {
      timeout: 30_000,
    })
    .catch(async () => {
      assert.fail(`the page says ${await page.textContent("#state")}; complaints: ${complaints.join("\n")}`);
    });
  const check = async () => {
    assert.deepEqual(complaints, [], "complaints of the page");
    const { origin } = new URL(url);
    const foreign = requests.filter((address) => !address.startsWith(origin) && !/^(data|blob):/.test(address));
    assert.deepEqual(foreign, [], "addresses outside the site");
    await context.close();
  };
  return { page, requests, check };
}

/** The names that the element shows, in order. */
export const namesOf = (page) =>
  page
    .locator("tidyrank-results")
    .evaluate((element) =>
      Array.from(element.shadowRoot.querySelectorAll('[part="title"]'), (title) => title.textContent.trim()),
    );
