// How we talk to an API server: who we are (a kubeconfig, or the service account of our pod), one request, one stream of lines. Knows paths and
// bytes, not kinds; retries nothing. The only importer of @kubernetes/client-node, of which it uses kubeconfigs and credentials.

import { request as requestHttp, Agent as HttpAgent, type IncomingMessage } from "node:http";
import { request as requestHttps, Agent as HttpsAgent, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";

/** Where the API server is and who we are to it. All absent: KUBECONFIG, else the pod's service account, else ~/.kube/config. */
export interface ClientOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Milliseconds until a new connection must stand, with TLS. Default 10,000. */
  readonly connectMs?: number;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Call {
  readonly method?: Method;
  /** From the root of the API server, without query: "/api/v1/namespaces/default/services/web". */
  readonly path: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** For PATCH: "apply" (server-side apply), "merge" (RFC 7386). Default for everything else: JSON. */
  readonly patch?: "apply" | "merge";
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** On a connection of its own kind: it waits for none of the other calls, however many of them get no answer. */
  readonly urgent?: boolean;
  /** Milliseconds until the answer must have come whole; for a stream, until it must have begun. Default 30,000. */
  readonly timeoutMs?: number;
}

export interface KubernetesClient {
  /** "https://host:port", for messages. */
  readonly server: string;
  /** The namespace of the kubeconfig's context, if it names one. */
  readonly namespace: string | undefined;
  /** The JSON of a 2xx answer. Rejects with ApiError for any other, and with an ordinary error when there is no whole answer. */
  call(call: Call): Promise<unknown>;
  /** The chunks of a 2xx answer that goes on (a watch), as they come; same rejections as call(), also in the middle. */
  stream(call: Call): Promise<AsyncIterable<Buffer> & { destroy(): void }>;
  /** Closes idle connections. */
  close(): void;
}

/** An answer that is not 2xx, in the words of the API server (meta/v1 Status). */
export class ApiError extends Error {
  readonly status: number;
  /** "NotFound", "Conflict", "Expired", …; empty when the answer was no Status. */
  readonly reason: string;
  /** From the header Retry-After or details.retryAfterSeconds. */
  readonly retryAfterMs: number | undefined;
  constructor(message: string, { status, reason, retryAfterMs }: Pick<ApiError, "status" | "reason" | "retryAfterMs">) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether an error is an answer of the API server with this HTTP status. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): error is ApiError {
  return error instanceof ApiError && statuses.includes(error.status);
}

const mediaTypes = { apply: "application/apply-patch+yaml", merge: "application/merge-patch+json" } as const;
const defaultTimeoutMs = 30_000;
/** Where nobody answers (a Service that kube-proxy does not know yet), TCP asks again on the same way in vain: a new connection may find another. */
const defaultConnectMs = 10_000;
/** Asked to wait longer than this, we ask again all the same: whoever said so may be gone. */
const longestRetryAfterMs = 30_000;
/** Dead peers are found by TCP too, not only by our own watchdogs. */
const keepAlive = { keepAlive: true, keepAliveMsecs: 15_000 } as const;

/** Throws one sentence when there is no usable kubeconfig. Opens no connection. */
export function createKubernetesClient(options: ClientOptions = {}): KubernetesClient {
  const config = loadConfig(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`the kubeconfig${options.kubeconfig ? ` ${options.kubeconfig}` : ""} names no cluster`);
  const server = new URL(cluster.server);
  const secure = server.protocol === "https:";
  const agentOf = (maxSockets: number): HttpAgent | HttpsAgent =>
    secure ? new HttpsAgent({ ...keepAlive, maxSockets }) : new HttpAgent({ ...keepAlive, maxSockets });
  // Watches have connections of their own: thirty of them must not keep a write waiting.
  const agents = { calls: agentOf(32), urgent: agentOf(32), streams: agentOf(Infinity) };
  const connectMs = options.connectMs ?? defaultConnectMs;

  /** Where one connection was dead, those beside it that rest are too: or else each try would find out about the next one, for its whole time. */
  function dropIdle(): void {
    for (const agent of Object.values(agents))
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  async function open(call: Call, agent: HttpAgent | HttpsAgent): Promise<{ answer: IncomingMessage; cancelTimer: () => void }> {
    const authorisation: Record<string, string> = {};
    const credentials: RequestOptions = { headers: authorisation };
    const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
    // Some are asked of a program or another server.
    await within(timeoutMs, config.applyToHTTPSOptions(credentials), `${describe(call)}: no credentials`);
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const url = new URL(server.href.replace(/\/$/, "") + call.path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const options: RequestOptions = {
      ...credentials,
      agent,
      method: call.method ?? "GET",
      headers: {
        ...authorisation,
        accept: call.accept ?? "application/json",
        "user-agent": "envoy-gateway-operator",
        ...(body && { "content-type": call.patch ? mediaTypes[call.patch] : "application/json", "content-length": body.length }),
      },
    };
    call.signal?.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const outgoing = (secure ? requestHttps : requestHttp)(url, options);
      // Rejected here too: a request that still waits for a connection tells of its end only when it has got one.
      const end = (cause: Error): void => {
        outgoing.destroy(cause);
        reject(cause);
      };
      const giveUp = (what: string, ms: number): void => {
        end(new Error(`${describe(call)}: no ${what} ${server.host} within ${ms} ms`));
        dropIdle();
      };
      const stop = (): void => end(call.signal?.reason as Error);
      call.signal?.addEventListener("abort", stop, { once: true });
      const timer = setTimeout(() => giveUp("answer from", timeoutMs), timeoutMs);
      const cancelTimer = (): void => clearTimeout(timer);
      outgoing.on("socket", (socket) => limitConnecting(socket, connectMs, () => giveUp("connection to", connectMs)));
      outgoing.on("response", (answer) => resolve({ answer, cancelTimer }));
      outgoing.on("error", (cause) => (cancelTimer(), reject(cause)));
      outgoing.on("close", () => {
        cancelTimer();
        call.signal?.removeEventListener("abort", stop);
      });
      outgoing.end(body);
    });
  }

  return {
    server: server.origin,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async call(call) {
      const { answer, cancelTimer } = await open(call, call.urgent === true ? agents.urgent : agents.calls);
      const text = await textOf(answer).finally(cancelTimer);
      if (!isGood(answer)) throw apiError(call, answer, text);
      return text === "" ? undefined : JSON.parse(text);
    },
    async stream(call) {
      const { answer, cancelTimer } = await open(call, agents.streams);
      if (isGood(answer)) return (cancelTimer(), answer);
      throw apiError(call, answer, await textOf(answer).finally(cancelTimer));
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

async function within(ms: number, wait: Promise<unknown>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ms} ms`)), ms);
  });
  await Promise.race([wait, late]).finally(() => clearTimeout(timer));
}

/** Of a connection that is used again there is nothing to wait for. */
function limitConnecting(socket: Socket, ms: number, late: () => void): void {
  const stands = "encrypted" in socket ? "secureConnect" : "connect";
  if (!socket.connecting) return;
  const timer = setTimeout(late, ms);
  const cancel = (): void => clearTimeout(timer);
  for (const event of [stands, "close"]) socket.once(event, cancel);
}

function loadConfig({ kubeconfig, context }: ClientOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw new Error(`cannot read the kubeconfig${kubeconfig ? ` ${kubeconfig}` : ""}`, { cause });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw new Error(`the kubeconfig has no context ${context}`);
    config.setCurrentContext(context);
  }
  return config;
}

function isGood({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function apiError(call: Call, { statusCode = 0, headers }: IncomingMessage, text: string): ApiError {
  const told = statusIn(text);
  const seconds = Number(headers["retry-after"] ?? told.details?.retryAfterSeconds);
  const message = told.message ?? (text.trim().slice(0, 200) || "no explanation");
  return new ApiError(`${describe(call)}: ${statusCode} ${message}`, {
    status: statusCode,
    reason: told.reason ?? "",
    retryAfterMs: Number.isFinite(seconds) ? Math.min(seconds * 1000, longestRetryAfterMs) : undefined,
  });
}

interface StatusText {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

function statusIn(text: string): StatusText {
  try {
    const value = JSON.parse(text) as StatusText & { readonly kind?: string };
    return value.kind === "Status" ? value : {};
  } catch {
    return {}; // a proxy in between answers in its own way
  }
}

function describe({ method = "GET", path }: Call): string {
  return `${method} ${path}`;
}
