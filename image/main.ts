// npm run image [file]: writes the operator's image as an OCI archive, and says how to use it.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { ociArchive } from "./oci.ts";
import { operatorImage } from "./operator.ts";

const image = operatorImage();
const path = resolve(process.argv[2] ?? "envoy-gateway-operator.tar");
const { bytes, digest } = ociArchive(image);
writeFileSync(path, bytes);
console.log(`${image.reference}\n${digest}\n${path} (${Math.round(bytes.length / 1e6)} MB)`);
console.log("Load it with one of: ctr -n k8s.io images import FILE · podman load -i FILE · kind load image-archive FILE");
