// The images that a cluster without a registry needs, under the names that it asks for. Archives are kept beside the programs.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { base, program, unprivileged } from "../../image/files.ts";
import { ociArchive, type Image } from "../../image/oci.ts";
import { operatorImage } from "../../image/operator.ts";
import { envoyPath } from "../../operator/host/envoy-binary.ts";
import { cacheFolder, progress } from "../cluster/cache.ts";

/** Also in containerd's configuration. */
export const pauseReference = "registry.k8s.io/pause:3.10";
/** The echo backend of the Gateway API's conformance suite, under the name that its manifests use. */
export const echoReference = "gcr.io/k8s-staging-gateway-api/echo-basic:v20240412-v1.0.0-394-g40c666fd";
/** The DNS server that the suite asks over UDP. */
const corednsReference = "registry.k8s.io/coredns/coredns:v1.12.2";
const envoyReference = "docker.io/envoyproxy/envoy:distroless-v1.37.0";

/** A program made from the Go module in a folder beside this file. */
interface GoProgram {
  readonly reference: string;
  readonly name: string;
  readonly module: "programs" | "coredns";
  readonly goPackage: string;
  readonly user?: string;
}

const pause: GoProgram = { reference: pauseReference, name: "pause", module: "programs", goPackage: "./pause" };
const echo: GoProgram = {
  reference: echoReference,
  name: "echo-basic",
  module: "programs",
  goPackage: "sigs.k8s.io/gateway-api/conformance/echo-basic",
};
/** Its port is below 1024: as in the published image, its user is root. */
const coredns: GoProgram = { reference: corednsReference, name: "coredns", module: "coredns", goPackage: ".", user: "0:0" };

/** Files of all images, in the order in which they are needed. */
export async function imageArchives(): Promise<readonly string[]> {
  const envoy = await envoyPath();
  return [
    goArchive(pause),
    archive("envoy", [envoy], () => envoyImage(envoy)),
    goArchive(echo),
    goArchive(coredns),
    operatorArchive(),
  ];
}

/** Of the bundle in dist/, as it is. It changes with every edit, so only the last one is kept, in the checkout. */
export function operatorArchive(): string {
  const image = operatorImage();
  const path = join(import.meta.dirname, "../../.cache/operator-image.tar");
  const madeFrom = `${path}.made-from`;
  const content = contentOf(image);
  if (existsSync(madeFrom) && readFileSync(madeFrom, "utf8") === content) return path;
  progress("making the image of the operator");
  rmSync(madeFrom, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, ociArchive(image).bytes);
  writeFileSync(madeFrom, content);
  return path;
}

function goArchive(program: GoProgram): string {
  const sources = ["go.mod", "go.sum", program.module === "coredns" ? "main.go" : "pause/main.go"];
  const contents = sources.map((file) => readFileSync(join(import.meta.dirname, program.module, file)));
  return archive(program.name, contents, () => goImage(program));
}

/** Kept by what made it: the sources of images, and the inputs. */
function archive(name: string, inputs: readonly (string | Buffer)[], make: () => Image): string {
  const sources = ["images.ts", "../../image/files.ts", "../../image/oci.ts"];
  const folder = cacheFolder(name, ...sources.map((file) => readFileSync(join(import.meta.dirname, file))), ...inputs);
  const path = join(folder, `${name}.tar`);
  if (existsSync(path)) return path;
  progress(`making the image of ${name}, which is kept in ${folder}`);
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, ociArchive(make()).bytes);
  renameSync(unfinished, path);
  return path;
}

/** A digest of what is in an image, without the time that it takes to compress it. */
function contentOf(image: Image): string {
  const hash = createHash("sha256").update(JSON.stringify({ ...image, files: undefined }));
  for (const [path, entry] of image.files) {
    hash.update(JSON.stringify({ path, ...entry, content: undefined }));
    if (entry.type === "file") hash.update(`${entry.content.length}\n`).update(entry.content);
  }
  return hash.digest("hex");
}

function envoyImage(envoy: string): Image {
  return {
    reference: envoyReference,
    // The command of a proxy's container is "envoy": the default PATH has its folder.
    files: new Map([...base(), ...program("/usr/local/bin/envoy", envoy)]),
    entrypoint: ["/usr/local/bin/envoy"],
    user: unprivileged,
  };
}

/** A static program and nothing else. */
function goImage({ reference, name, module, goPackage, user = unprivileged }: GoProgram): Image {
  const folder = join(import.meta.dirname, module);
  const path = join(cacheFolder(name, readFileSync(join(folder, "go.sum"))), name);
  execFileSync("go", ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, goPackage], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { reference, files: new Map(program(`/${name}`, path)), entrypoint: [`/${name}`], user };
}
