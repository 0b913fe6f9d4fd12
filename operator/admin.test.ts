// The small HTTP server.

import { serveAdmin } from "./admin.ts";

async function serving(ready: boolean) {
  const server = await serveAdmin({
    host: "127.0.0.1",
    port: 0,
    live: () => true,
    ready: () => ready,
    pages: {
      "/value": (query) => ({ asked: query.get("q") }),
      "/text": () => Promise.resolve("a 1\n"),
      "/broken": () => {
        throw new Error("out of order");
      },
    },
  });
  const get = async (path: string): Promise<readonly [number, string | null, string]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, response.headers.get("content-type"), await response.text()];
  };
  return { get, close: () => server.close() };
}

test("values are JSON, promises are text, and a broken page hurts nobody else", async () => {
  const { get, close } = await serving(true);
  expect(await get("/broken")).toEqual([500, null, "out of order\n"]);
  expect(await get("/value?q=x%2Fy")).toEqual([200, "application/json", '{\n  "asked": "x/y"\n}']);
  expect(await get("/text")).toEqual([200, "text/plain; version=0.0.4", "a 1\n"]);
  expect(await get("/none")).toEqual([404, null, "There are /healthz, /readyz, /value, /text, /broken.\n"]);
  close();
});

for (const [ready, answer] of [
  [true, [200, null, "ok\n"]],
  [false, [503, null, "not yet\n"]],
] as const) {
  test(`a process that is ${ready ? "" : "not "}ready says so, and is alive`, async () => {
    const { get, close } = await serving(ready);
    expect([await get("/readyz"), await get("/healthz")]).toEqual([answer, [200, null, "ok\n"]]);
    close();
  });
}
