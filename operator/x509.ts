// Loads @peculiar/x509 (its only importer). The package wires its algorithms with tsyringe, which refuses to load without the metadata part
// of Reflect; nothing of what we use carries metadata, so an empty one will do, put in place before the package is loaded.

const metadata = {
  getMetadata: () => undefined,
  getOwnMetadata: () => undefined,
  defineMetadata: () => {},
  hasOwnMetadata: () => false,
};
for (const [name, value] of Object.entries(metadata)) if (!(name in Reflect)) Object.defineProperty(Reflect, name, { value });

export const x509 = await import("@peculiar/x509");
export type { ExtendedKeyUsage, Extension, X509Certificate } from "@peculiar/x509";
