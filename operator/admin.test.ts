// The small HTTP server.

import { serveAdmin } from "./admin.ts";

async function serving(...waits: readonly string[]) {
  const server = await serveAdmin({
    host: "127.0.0.1",
    port: 0,
    live: () => true,
    waits: () => waits,
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
  const { get, close } = await serving();
  expect(await get("/broken")).toEqual([500, null, "out of order\n"]);
  expect(await get("/value?q=x%2Fy")).toEqual([200, "application/json", '{\n  "asked": "x/y"\n}']);
  expect(await get("/text")).toEqual([200, "text/plain; version=0.0.4", "a 1\n"]);
  expect(await get("/none")).toEqual([404, null, "There are /healthz, /readyz, /value, /text, /broken.\n"]);
  close();
});

test("a process that is ready says so, and one that is not says what for; both are alive", async () => {
  const alive = [200, null, "ok\n"];
  const ready = await serving();
  expect([await ready.get("/readyz"), await ready.get("/healthz")]).toEqual([alive, alive]);
  const waiting = await serving("the list of Service: connect ECONNREFUSED", "the first batch");
  const told = "not yet, for want of\n- the list of Service: connect ECONNREFUSED\n- the first batch\n";
  expect([await waiting.get("/readyz"), await waiting.get("/healthz")]).toEqual([[503, null, told], alive]);
  for (const { close } of [ready, waiting]) close();
});
