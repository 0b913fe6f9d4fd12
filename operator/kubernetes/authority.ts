// The certificate of the xDS server in a cluster, and whom proxies should trust. All replicas share one authority, in a Secret: whoever comes
// first makes it, whoever comes first rotates it. Certificates of the server are made from it in memory, by each replica for itself.

import type { ServerTls } from "../../xds/server.ts";
import { createAlarm, type WallClock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { certificatePem, madeAt, makeAuthority, makeLeaf, pemOf, twoThirds, type Pair } from "../issue.ts";
import { x509 } from "../x509.ts";
import { createAuthoritySecret, type Authorities, type HeldAuthority } from "./authority-secret.ts";
import { createBackoff } from "./backoff.ts";
import type { KubernetesClient } from "./client.ts";
import { pause } from "./object-calls.ts";

/** All in milliseconds. */
export interface Lives {
  readonly authority: number;
  /** Of the server's own certificates. */
  readonly leaf: number;
  /** How long a new authority is only trusted before it signs: every proxy must have heard of it, and kubelet takes its time. */
  readonly spread: number;
  /** Between two looks at the Secret, besides those that the calendar asks for. */
  readonly look: number;
  /** The longest time until another try when the API server does not answer. */
  readonly retry: number;
}

export interface AuthorityOptions {
  readonly client: Pick<KubernetesClient, "call">;
  /** Of the Secret: the operator's own. */
  readonly namespace: string;
  /** DNS names of the xDS server. */
  readonly serverNames: readonly string[];
  readonly clock: WallClock;
  readonly log: (message: string) => void;
  /** Connections from now on should get this certificate. */
  readonly onRenewed: (tls: ServerTls) => void;
  /** Proxies should trust these authorities from now on. */
  readonly onBundle: (caBundle: string) => void;
  readonly lives?: Partial<Lives>;
  /** Why there is no authority yet; undefined: there is. For those who ask what is waited for. */
  readonly onWaiting?: (why: string | undefined) => void;
  readonly random?: () => number;
  /** Ends the wait for an API server at the start. */
  readonly signal?: AbortSignal;
}

export interface Authority {
  readonly tls: ServerTls;
  /** PEM of all authorities to trust. */
  readonly caBundle: string;
  stop(): void;
}

const minute = 60_000;
const day = 24 * 60 * minute;
const defaults: Lives = { authority: 365 * day, leaf: day, spread: day, look: 5 * minute, retry: 10_000 };
const firstRetryMs = 500;
const callMs = 8000;

interface Known {
  readonly authorities: Authorities;
  readonly caBundle: string;
  readonly leaf: Pair;
  readonly tls: ServerTls;
}

/** Waits until the API server answers; from then on follows the calendar, and does without the API server while there is none. */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { clock, log, onBundle, onRenewed } = options;
  const lives = { ...defaults, ...options.lives };
  const { client, namespace, signal } = options;
  // With a short limit: an xDS server without a certificate serves nobody.
  const call: KubernetesClient["call"] = (asked) =>
    client.call({ ...asked, timeoutMs: callMs, urgent: true, ...(signal && { signal }) });
  const secret = createAuthoritySecret({ call }, namespace);
  const now = (): number => clock.today().getTime();
  let stopped = false;

  /** A Secret that was deleted or damaged comes back as it was: proxies trust it. */
  const agreed = (known: Known | undefined, at: number): Promise<Authorities> =>
    secret.agree((stored) => advance(stored ?? known?.authorities, at, lives));
  async function learn(authorities: Authorities, before: Known | undefined, at: number): Promise<Known> {
    const caBundle = bundle(authorities);
    const { cert } = authorities.current.pem;
    if (before?.authorities.current.pem.cert === cert && at < twoThirds(before.leaf.certificate))
      return { ...before, authorities, caBundle };
    const leaf = await signLeaf(authorities.current.pair, { names: options.serverNames, now: at, lifeMs: lives.leaf });
    return { authorities, caBundle, leaf, tls: await pemOf(leaf) };
  }

  const held = await patiently(() => agreed(undefined, now()), { ...options, longestMs: lives.retry });
  const start = now();
  let known = await learn(held, undefined, start);
  const follow = async (): Promise<void> => {
    const at = now();
    let again = at + lives.look;
    const authorities = await agreed(known, at).catch((cause: unknown) => {
      log(`the authority of the xDS server cannot be looked at: ${messageOf(cause)}`);
      again = at + lives.retry;
      return known.authorities;
    });
    const before = known;
    known = await learn(authorities, before, at);
    if (stopped) return;
    alarm.set(Math.min(again, nextStep(known, lives, at)));
    if (before.caBundle !== known.caBundle) onBundle(known.caBundle);
    if (before.tls !== known.tls) onRenewed(known.tls);
  };
  const alarm = createAlarm(clock, () => {
    follow().catch((cause: unknown) => {
      log(`the certificate of the xDS server is not renewed: ${messageOf(cause)}`);
      if (!stopped) alarm.set(now() + lives.retry);
    });
  });
  alarm.set(Math.min(start + lives.look, nextStep(known, lives, start)));
  return {
    tls: known.tls,
    caBundle: known.caBundle,
    stop() {
      stopped = true;
      alarm.set(undefined);
    },
  };
}

/** What the authorities should be now; the same value when they are that already. */
async function advance(held: Authorities | undefined, now: number, lives: Lives): Promise<Authorities> {
  const expired = (certificate: Pair["certificate"]): boolean => certificate.notAfter.getTime() <= now;
  if (held === undefined || (expired(held.current.pair.certificate) && held.next === undefined))
    return { current: await newAuthority(now, lives) };
  const { current, next, previous } = held;
  if (next !== undefined && (now >= madeAt(next.pair.certificate) + lives.spread || expired(current.pair.certificate)))
    return { current: next, previous: current.pair.certificate };
  if (previous !== undefined && expired(previous)) return { current, ...(next && { next }) };
  if (next === undefined && now >= twoThirds(current.pair.certificate)) return { ...held, next: await newAuthority(now, lives) };
  return held;
}

/** When to look again, besides regularly. What was due when we looked is done, or could not be. */
function nextStep({ authorities: { current, next, previous }, leaf }: Known, lives: Lives, looked: number): number {
  const moments = [
    twoThirds(leaf.certificate),
    next === undefined ? twoThirds(current.pair.certificate) : madeAt(next.pair.certificate) + lives.spread,
    ...(previous === undefined ? [] : [previous.notAfter.getTime()]),
  ];
  return Math.min(...moments.filter((moment) => moment > looked));
}

function bundle({ current, next, previous }: Authorities): string {
  const certificates = [current.pair.certificate, next?.pair.certificate, previous];
  return certificates.flatMap((certificate) => (certificate === undefined ? [] : certificatePem(certificate))).join("");
}

/** Names differ: who verifies finds the authority of a certificate by its name. */
async function newAuthority(now: number, lives: Lives): Promise<HeldAuthority> {
  const subject = `CN=envoy-gateway authority ${new Date(now).toISOString()} ${crypto.randomUUID().slice(0, 8)}`;
  const pair = await makeAuthority({ subject, now, lifeMs: lives.authority });
  return { pair, pem: await pemOf(pair) };
}

function signLeaf(issuer: Pair, wish: { readonly names: readonly string[]; readonly now: number; readonly lifeMs: number }) {
  const names = wish.names.map((value) => ({ type: "dns", value }) as const);
  const subject = `CN=${wish.names[0] ?? "envoy-gateway"}`;
  return makeLeaf({ ...wish, issuer, subject, names, usage: x509.ExtendedKeyUsage.serverAuth });
}

interface Patience extends Pick<AuthorityOptions, "clock" | "log" | "onWaiting" | "random" | "signal"> {
  readonly longestMs: number;
}

async function patiently<Value>(act: () => Promise<Value>, options: Patience): Promise<Value> {
  const { clock, log, onWaiting, random = Math.random, signal, longestMs } = options;
  const backoff = createBackoff({ firstMs: firstRetryMs, longestMs, random });
  let told = "";
  for (;;) {
    try {
      const value = await act();
      onWaiting?.(undefined);
      return value;
    } catch (cause) {
      signal?.throwIfAborted();
      const why = `the authority of the xDS server cannot be read or made: ${messageOf(cause)}`;
      onWaiting?.(why);
      if (told !== why) log(why);
      told = why;
      await pause(clock, backoff.next(), signal);
      signal?.throwIfAborted();
    }
  }
}
