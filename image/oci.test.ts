// Archives read by another program than the one that wrote them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ociArchive, type Entry, type Image } from "./oci.ts";

const folder = mkdtempSync(join(tmpdir(), "oci-"));
afterAll(() => rmSync(folder, { recursive: true }));

const files: readonly (readonly [string, Entry])[] = [
  ["/usr/local/bin/program", { type: "file", content: Buffer.from("#!/bin/sh\n"), mode: 0o755 }],
  ["/tmp", { type: "folder", mode: 0o1777 }],
  ["/etc/passwd", { type: "file", content: Buffer.from("root:x:0:0\n"), mode: 0o644 }],
];

function image(entries: readonly (readonly [string, Entry])[]): Image {
  return {
    reference: "docker.io/library/example:1.2.3",
    files: new Map(entries),
    entrypoint: ["/usr/local/bin/program"],
    user: "1:1",
  };
}

/** A member of a tar archive, by the system's tar. */
function member(archive: Buffer, path: string): Buffer {
  writeFileSync(join(folder, "archive"), archive);
  return execFileSync("tar", ["-xOf", join(folder, "archive"), path]);
}

interface Descriptor {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function blob(archive: Buffer, { digest }: Descriptor): unknown {
  return JSON.parse(member(archive, `blobs/${digest.replace(":", "/")}`).toString());
}

test("the index leads by name to the manifest, and it to a layer whose files have their modes, no time and no owner", () => {
  const { bytes, digest } = ociArchive(image(files));
  const index = JSON.parse(member(bytes, "index.json").toString()) as { manifests: [Descriptor] };
  expect(index.manifests[0].digest).toBe(digest);
  expect(index.manifests[0].annotations).toEqual({
    "io.containerd.image.name": "docker.io/library/example:1.2.3",
    "org.opencontainers.image.ref.name": "1.2.3",
  });
  const manifest = blob(bytes, index.manifests[0]) as { config: Descriptor; layers: [Descriptor] };
  expect((blob(bytes, manifest.config) as { config: object }).config).toEqual({
    User: "1:1",
    Env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
    Entrypoint: ["/usr/local/bin/program"],
    WorkingDir: "/",
  });
  writeFileSync(join(folder, "layer"), gunzipSync(member(bytes, `blobs/${manifest.layers[0].digest.replace(":", "/")}`)));
  const listed = execFileSync("tar", ["--utc", "--full-time", "-tvf", join(folder, "layer")], { encoding: "utf8" });
  expect(
    listed
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/ +/g, " ")),
  ).toEqual([
    "drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/",
    "-rw-r--r-- 0/0 11 1970-01-01 00:00:00 etc/passwd",
    "drwxrwxrwt 0/0 0 1970-01-01 00:00:00 tmp/",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00:00 usr/",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00:00 usr/local/",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00:00 usr/local/bin/",
    "-rwxr-xr-x 0/0 10 1970-01-01 00:00:00 usr/local/bin/program",
  ]);
});

test("the same files in another order make the same bytes", () => {
  expect(ociArchive(image(files.toReversed())).bytes.equals(ociArchive(image(files)).bytes)).toBe(true);
});
