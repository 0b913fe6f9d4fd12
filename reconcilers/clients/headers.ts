// A policy's settings of headers, in the words of xds/model. Pure.

import type { ClientHeaders, HeaderMutations } from "../../api/clienttrafficpolicy/headers.ts";
import type { ClientHttp, ForwardedCert, HeaderMutations as Mutations } from "../../xds/model/client.ts";
import { regexProblem } from "../regex.ts";
import { editProblems, toEdits } from "../routes/headers.ts";
import { textMatch } from "./match.ts";
import type { Report } from "./report.ts";

const underscores = { Allow: "allow", RejectRequest: "reject", DropHeader: "drop" } as const;
const modes = {
  Sanitize: "sanitize",
  ForwardOnly: "forward",
  AppendForward: "append",
  SanitizeSet: "set",
  AlwaysForwardOnly: "always",
} as const;
const details = { Subject: "subject", Cert: "cert", Chain: "chain", DNS: "dns", URI: "uri" } as const;
const requestIds = {
  PreserveOrGenerate: { generate: true, preserve: true },
  Preserve: { generate: false, preserve: true },
  Generate: { generate: true, preserve: false },
  Disable: { generate: false, preserve: false },
} as const;

type Fields = { readonly [K in keyof ClientHttp]?: ClientHttp[K] | undefined };

export function headerSettings(headers: ClientHeaders | undefined, report: Report): Fields {
  if (headers === undefined) return {};
  const { withUnderscoresAction, xForwardedClientCert, earlyRequestHeaders, lateResponseHeaders } = headers;
  return {
    envoyHeaders: headers.enableEnvoyHeaders === true ? true : undefined,
    underscores: withUnderscoresAction === undefined ? undefined : underscores[withUnderscoresAction],
    requestId: requestId(headers),
    forwardedCert: xForwardedClientCert === undefined ? undefined : forwardedCert(xForwardedClientCert),
    earlyRequestHeaders: mutations("headers.earlyRequestHeaders", earlyRequestHeaders, report),
    lateResponseHeaders: mutations("headers.lateResponseHeaders", lateResponseHeaders, report),
  };
}

function requestId({ requestID, preserveXRequestID }: ClientHeaders): ClientHttp["requestId"] {
  const action = requestID ?? (preserveXRequestID === true ? "PreserveOrGenerate" : undefined);
  return action === undefined ? undefined : requestIds[action];
}

function forwardedCert({
  mode = "Sanitize",
  certDetailsToAdd = [],
}: NonNullable<ClientHeaders["xForwardedClientCert"]>): ForwardedCert {
  return { mode: modes[mode], details: certDetailsToAdd.map((detail) => details[detail]) };
}

function mutations(field: string, filter: HeaderMutations | undefined, report: Report): Mutations | undefined {
  if (filter === undefined) return undefined;
  const { set, add, addIfAbsent, remove } = toEdits(filter);
  // The sentences begin with the name of the filter.
  for (const { message } of editProblems({ set, add, addIfAbsent, remove }, field)) report("", message);
  const matches = (filter.removeOnMatch ?? []).map(textMatch);
  matches.forEach(({ type, value }, index) => {
    const problem = type === "regex" ? regexProblem(value) : undefined;
    if (problem !== undefined) report(`${field}.removeOnMatch[${index}]`, `is not usable: ${problem}`);
  });
  const changes = [
    ...add.map((header) => ({ ...header, action: "append" as const })),
    ...set.map((header) => ({ ...header, action: "set" as const })),
    ...addIfAbsent.map((header) => ({ ...header, action: "ifAbsent" as const })),
  ];
  const nothing = changes.length === 0 && remove.length === 0 && matches.length === 0;
  return nothing ? undefined : { changes, remove, removeMatching: matches };
}
