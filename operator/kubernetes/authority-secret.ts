// The Secret in which all replicas agree on the authorities of the xDS connection: the one that signs, the one that will, and the one that did.
// A write says which version it read, so that of two replicas one wins and the other takes what that wrote. Knows no calendar.

import { type Pair, type PemPair, certificateFromPem, certificatePem, pairFromPem } from "../issue.ts";
import type { X509Certificate } from "../x509.ts";
import { type KubernetesClient, hasStatus } from "./client.ts";

export interface HeldAuthority {
  readonly pair: Pair;
  readonly pem: PemPair;
}

export interface Authorities {
  /** Signs. */
  readonly current: HeldAuthority;
  /** Is trusted already and will sign. */
  readonly next?: HeldAuthority;
  /** Signed before, and is trusted while what it signed may be in use. */
  readonly previous?: X509Certificate;
}

interface Stored {
  readonly authorities: Authorities | undefined;
  readonly resourceVersion: string;
}

interface SecretObject {
  readonly metadata: { readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
}

const secretName = "envoy-gateway-xds-ca";
/** Each lost race is a step that another replica has taken, and there are few steps. */
const races = 20;

export interface AuthoritySecret {
  /** What `decide` makes of what is stored, once that is stored; it gets undefined when nothing of use is. Same result as argument = nothing to write. */
  agree(decide: (stored: Authorities | undefined) => Promise<Authorities>): Promise<Authorities>;
}

export function createAuthoritySecret(client: Pick<KubernetesClient, "call">, namespace: string): AuthoritySecret {
  const collection = `/api/v1/namespaces/${namespace}/secrets`;

  async function read(): Promise<Stored | undefined> {
    try {
      const { metadata, data } = (await client.call({ path: `${collection}/${secretName}` })) as SecretObject;
      return { authorities: await authoritiesIn(data ?? {}), resourceVersion: metadata.resourceVersion };
    } catch (cause) {
      if (hasStatus(cause, 404)) return undefined;
      throw cause;
    }
  }

  async function write(authorities: Authorities, resourceVersion: string | undefined): Promise<void> {
    const labels = { "app.kubernetes.io/managed-by": "envoy-gateway" };
    const metadata = { name: secretName, namespace, labels, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    const body = { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls", metadata, data: dataOf(authorities) };
    if (resourceVersion === undefined) await client.call({ method: "POST", path: collection, body });
    else await client.call({ method: "PUT", path: `${collection}/${secretName}`, body });
  }

  return {
    async agree(decide) {
      for (let race = 1; ; race += 1) {
        const stored = await read();
        const wanted = await decide(stored?.authorities);
        if (wanted === stored?.authorities) return wanted;
        try {
          await write(wanted, stored?.resourceVersion);
          return wanted;
        } catch (cause) {
          if (!hasStatus(cause, 404, 409) || race === races) throw cause;
        }
      }
    },
  };
}

/** Undefined when the authority that signs cannot be read: the others are worth nothing then. */
async function authoritiesIn(data: Readonly<Record<string, string>>): Promise<Authorities | undefined> {
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString("utf8");
  const held = async (name: string): Promise<HeldAuthority | undefined> => {
    const pem = { cert: text(`${name}.crt`), key: text(`${name}.key`) };
    const pair = await pairFromPem(pem);
    return pair && { pair, pem };
  };
  const [current, next, previous] = [await held("tls"), await held("next"), certificateFromPem(text("previous.crt"))];
  return current && { current, ...(next && { next }), ...(previous && { previous }) };
}

function dataOf({ current, next, previous }: Authorities): Readonly<Record<string, string>> {
  const files: Readonly<Record<string, string | undefined>> = {
    "tls.crt": current.pem.cert,
    "tls.key": current.pem.key,
    "next.crt": next?.pem.cert,
    "next.key": next?.pem.key,
    "previous.crt": previous && certificatePem(previous),
  };
  const present = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present.map(([name, text]) => [name, Buffer.from(text).toString("base64")]));
}
