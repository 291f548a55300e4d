/** What the doctor says of certificates that are believed. */
import { dateOf, type Seen } from '../../provisioner/src/uplink/certificate.ts';

const dayMs = 86_400_000;

/** Warned about before it ends: authorities of companies take weeks (days). */
export const warnBeforeDays = 30;

/** @param nowMs milliseconds since 1970. */
export function endWarning(whose: string, { untilMs }: Seen, nowMs: number): string[] {
  const days = Math.floor((untilMs - nowMs) / dayMs);
  if (days >= warnBeforeDays) return [];
  return [`${whose} certificate ends on ${dateOf(untilMs)}${days < 0 ? '' : `, in ${days} days`}: renew it`];
}

/** As `openssl x509 -fingerprint` prints it. */
export function withColons(fingerprint: string): string {
  return fingerprint.match(/../g)?.join(':') ?? fingerprint;
}
