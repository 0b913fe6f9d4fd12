// What a ClientTrafficPolicy asks for, in the words of xds/model, and what of it cannot be honoured. Which listeners it is for is policy.ts's business.

import type { ClientTrafficPolicySpec } from "../../api/clienttrafficpolicy.ts";
import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { ClientHttp, ConnectionLimit, PortSettings } from "../../xds/model/client.ts";
import { connectionLimit, portSettings } from "./connection.ts";
import { clientHttp } from "./http.ts";
import { duration, type Report } from "./report.ts";
import { type ClientTlsSettings, clientTls } from "./tls.ts";

export interface PolicySettings {
  readonly http: ClientHttp;
  readonly port: PortSettings;
  readonly connectionLimit?: ConnectionLimit;
  readonly tcpIdleTimeoutMs?: number;
  readonly tls: ClientTlsSettings;
  /** Sentences. With any of them the policy cannot be honoured, and what it is for fails closed. */
  readonly problems: readonly string[];
}

export const policySettings = memo("clientPolicySettings", (db: Db, policy: ObjectKey): PolicySettings | undefined => {
  const spec = db.get("ClientTrafficPolicy", policy)?.spec;
  if (spec === undefined) return undefined;
  const problems: string[] = [];
  const report: Report = (field, trouble) => {
    const sentence = field === "" ? trouble : `${field} ${trouble}`;
    problems.push(/[.]$/.test(sentence) ? sentence : `${sentence}.`);
  };
  const limit = connectionLimit(spec, report);
  const idle = duration(report, "timeout.tcp.idleTimeout", spec.timeout?.tcp?.idleTimeout);
  return {
    http: clientHttp(spec, report),
    port: portSettings(spec, report),
    ...(limit === undefined ? {} : { connectionLimit: limit }),
    ...(idle === undefined ? {} : { tcpIdleTimeoutMs: idle }),
    tls: clientTls(db, { policy, tls: spec.tls, report }),
    problems,
  };
});

/** Paths of fields that are set and do nothing yet. */
export function fieldsWithoutEffect({ http1, http3, connection, headers }: ClientTrafficPolicySpec): readonly string[] {
  return [
    ...(connection?.socketBufferLimit === undefined ? [] : ["connection.socketBufferLimit"]),
    ...(headers?.disableRateLimitHeaders === undefined ? [] : ["headers.disableRateLimitHeaders"]),
    ...(http1?.enableTrailers === true ? ["http1.enableTrailers towards backends"] : []),
    ...(http1?.preserveHeaderCase === true ? ["http1.preserveHeaderCase towards backends"] : []),
    ...(http3 === undefined ? [] : ["http3"]),
  ];
}
