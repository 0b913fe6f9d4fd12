// What a client's certificate must say of itself: names and hashes, in the words of xds/model. Pure.

import type { ClientTLS } from "../../api/clienttrafficpolicy/tls.ts";
import type { CertificateName } from "../../xds/model/client.ts";
import { regexProblem } from "../regex.ts";
import { textMatch } from "./match.ts";
import type { Report } from "./report.ts";

type Validation = NonNullable<ClientTLS["clientValidation"]>;

const kinds = { dnsNames: "dns", emailAddresses: "email", ipAddresses: "ip", uris: "uri" } as const;
const at = "tls.clientValidation";

export function certificateNames(asked: Validation["subjectAltNames"], report: Report): readonly CertificateName[] {
  if (asked === undefined) return [];
  const named = (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((list) =>
    (asked[list] ?? []).map((match, index): CertificateName => {
      checkPattern(report, `${at}.subjectAltNames.${list}[${index}]`, match);
      return { kind: kinds[list], ...textMatch(match) };
    }),
  );
  const others = (asked.otherNames ?? []).map(({ oid, ...match }, index): CertificateName => {
    const field = `${at}.subjectAltNames.otherNames[${index}]`;
    if (!/^[012](\.(0|[1-9]\d*))+$/.test(oid)) report(`${field}.oid`, `is ${JSON.stringify(oid)}, which is no object identifier`);
    checkPattern(report, field, match);
    return { kind: "other", oid, ...textMatch(match) };
  });
  return [...named, ...others];
}

function checkPattern(report: Report, field: string, { type, value }: { readonly type: string; readonly value: string }): void {
  const problem = type === "RegularExpression" ? regexProblem(value) : undefined;
  if (problem !== undefined) report(field, `is not usable: ${problem}`);
}

/** As Envoy writes them: a key's in base64, a certificate's in hexadecimal, perhaps with colons. */
export function checkHashes({ spkiHashes = [], certificateHashes = [] }: Validation, report: Report): void {
  spkiHashes.forEach((hash, index) => {
    if (!/^[A-Za-z0-9+/]{43}=$/.test(hash)) report(`${at}.spkiHashes[${index}]`, "is not a SHA-256 in base64");
  });
  certificateHashes.forEach((hash, index) => {
    if (!/^([0-9a-fA-F]{64}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){31})$/.test(hash))
      report(`${at}.certificateHashes[${index}]`, "is not a SHA-256 in hexadecimal");
  });
}
