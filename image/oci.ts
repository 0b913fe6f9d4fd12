// Writes container images as OCI archives, which containerd, podman and skopeo read, without a registry or a container tool. The same content
// makes the same bytes: entries are sorted, times are zero, everybody is root. Knows nothing of what is in an image.
// https://github.com/opencontainers/image-spec

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** What is at a path of an image; parents come by themselves. */
export type Entry =
  { readonly type: "file"; readonly content: Buffer; readonly mode: number } | { readonly type: "folder"; readonly mode: number };

export interface Image {
  /** In full, with registry and tag: docker.io/library/name:tag. */
  readonly reference: string;
  /** By absolute path. */
  readonly files: ReadonlyMap<string, Entry>;
  readonly entrypoint: readonly string[];
  readonly user: string;
  readonly env?: readonly string[];
  readonly workingFolder?: string;
}

export interface Archive {
  readonly bytes: Buffer;
  /** Of the manifest: what identifies the image. */
  readonly digest: string;
}

/** Node's names of processors are not Go's, which the standard uses. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export function ociArchive(image: Image): Archive {
  const layer = tar(image.files);
  const compressed = gzipSync(layer, { level: 6 });
  const config = json({
    architecture: architectures[process.arch] ?? process.arch,
    os: "linux",
    config: {
      User: image.user,
      Env: image.env ?? ["PATH=/usr/local/bin:/usr/bin:/bin"],
      Entrypoint: image.entrypoint,
      WorkingDir: image.workingFolder ?? "/",
    },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", compressed)],
  });
  const tag = image.reference.slice(image.reference.lastIndexOf(":") + 1);
  const index = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        ...descriptor("application/vnd.oci.image.manifest.v1+json", manifest),
        // containerd reads the one, podman and skopeo the other.
        annotations: { "io.containerd.image.name": image.reference, "org.opencontainers.image.ref.name": tag },
      },
    ],
  });
  const blobs = [compressed, config, manifest].map((blob) => [blobPath(blob), file(blob)] as const);
  const layout = file(json({ imageLayoutVersion: "1.0.0" }));
  const bytes = tar(new Map<string, Entry>([...blobs, ["/index.json", file(index)], ["/oci-layout", layout]]));
  return { bytes, digest: digestOf(manifest) };
}

function file(content: Buffer): Entry {
  return { type: "file", content, mode: 0o644 };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(blob: Buffer): string {
  return `sha256:${createHash("sha256").update(blob).digest("hex")}`;
}

function blobPath(blob: Buffer): string {
  return `/blobs/${digestOf(blob).replace(":", "/")}`;
}

function descriptor(mediaType: string, blob: Buffer): object {
  return { mediaType, digest: digestOf(blob), size: blob.length };
}

/** A tar archive (POSIX ustar) of the entries and their parents, sorted, which puts parents first. */
function tar(files: ReadonlyMap<string, Entry>): Buffer {
  const all = new Map(files);
  for (const path of files.keys())
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
      if (!all.has(path.slice(0, at))) all.set(path.slice(0, at), { type: "folder", mode: 0o755 });
  const parts = [...all]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, entry]) => {
      const content = entry.type === "file" ? entry.content : Buffer.alloc(0);
      return [header(path.slice(1), entry), content, Buffer.alloc(-content.length & 511)];
    });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

const typeFlags = { file: "0", folder: "5" } as const;

function header(path: string, entry: Entry): Buffer {
  const name = entry.type === "folder" ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long a path for an image`);
  const block = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset);
  };
  block.write(name, 0);
  octal(entry.mode, 100, 8);
  octal(0, 108, 8); // uid
  octal(0, 116, 8); // gid
  octal(entry.type === "file" ? entry.content.length : 0, 124, 12);
  octal(0, 136, 12); // time
  block.write("        ", 148); // the checksum counts as blanks in itself
  block.write(typeFlags[entry.type], 156);
  block.write("ustar\x0000", 257);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return block;
}
