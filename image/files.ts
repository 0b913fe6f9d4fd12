// Files of images that come from this machine: programs with the shared libraries they are linked with, and what every image has.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { Entry } from "./oci.ts";

/** Who programs in our images run as. */
export const unprivileged = "65532:65532";

/** A program at its place, its loader and libraries at theirs. */
export function program(place: string, source: string): readonly (readonly [string, Entry])[] {
  return [[place, executable(source)], ...libraries(source).map((path) => [path, executable(path)] as const)];
}

/** The loader and the libraries under the paths that the loader looks at; none for a static program. */
function libraries(source: string): readonly string[] {
  const listed = execFileSync("sh", ["-c", 'ldd "$1" 2>&1 || true', "ldd", source], { encoding: "utf8" });
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
}

function executable(source: string): Entry {
  return { type: "file", content: readFileSync(source), mode: 0o755 };
}

/** Names of users and hosts, certificates of authorities (those that Node trusts), and a /tmp that everybody may write to. */
export function base(): readonly (readonly [string, Entry])[] {
  const text = (content: string): Entry => ({ type: "file", content: Buffer.from(content), mode: 0o644 });
  return [
    ["/etc/passwd", text("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n")],
    ["/etc/group", text("root:x:0:\nnonroot:x:65532:\n")],
    ["/etc/nsswitch.conf", text("hosts: files dns\n")],
    ["/etc/ssl/certs/ca-certificates.crt", text(`${rootCertificates.join("\n")}\n`)],
    ["/tmp", { type: "folder", mode: 0o1777 }],
  ];
}
