// The echo backend over a real socket.

import { startEcho } from "./echo.ts";

async function withEcho(use: (url: string) => Promise<void>): Promise<void> {
  const echo = await startEcho({ port: 0, name: "try" });
  try {
    await use(`http://127.0.0.1:${echo.port}`);
  } finally {
    await echo.close();
  }
}

test("any path is answered with what was received", () =>
  withEcho(async (url) => {
    const response = await fetch(`${url}/some/path?a=1`, { method: "POST", body: "hello", headers: { "x-try": "yes" } });
    const { headers, ...rest } = (await response.json()) as { headers: Record<string, string> };
    expect(response.status).toBe(200);
    expect(rest).toEqual({ name: "try", method: "POST", path: "/some/path?a=1", host: new URL(url).host, body: "hello" });
    expect(headers["x-try"]).toBe("yes");
  }));

test("?status= chooses the status, and nonsense is a 400", () =>
  withEcho(async (url) => {
    expect((await fetch(`${url}/?status=503`)).status).toBe(503);
    expect((await fetch(`${url}/?status=teapot`)).status).toBe(400);
  }));

test("?delay= answers later", () =>
  withEcho(async (url) => {
    const before = performance.now();
    await fetch(`${url}/?delay=120ms`);
    expect(performance.now() - before).toBeGreaterThan(100);
  }));

test("a taken port is an error", () =>
  withEcho(async (url) => {
    await expect(startEcho({ port: Number(new URL(url).port), name: "second" })).rejects.toThrow("EADDRINUSE");
  }));
