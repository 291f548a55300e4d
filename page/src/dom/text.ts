/** Times and places in words. */
import type { Screen } from '../../../firmware/src/view.ts';

/** `0.42 s`, `12.3 s`, `3 min 5 s`. */
export function afterText(ms: number): string {
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(2)} s`;
  if (s < 60) return `${s.toFixed(1)} s`;
  return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}

/** `just now`, `4 min`, `2 h`: nobody needs the seconds. */
export function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What the display says, for whoever cannot see it, and for the back row. */
export function screenText(view: Screen): string {
  switch (view.kind) {
    case 'idle':
      return [view.title, view.detail].filter(Boolean).join(': ');
    case 'connecting':
      return `${{ hotspot: 'Joining', relay: 'Calling the relay', lab: 'Asking the lab' }[view.hop]} ${view.detail}`.trim();
    case 'building':
      return `${view.phase}, ${view.percent} %`;
    case 'ready':
      return `${view.address} is ready`;
    case 'qr':
      return `The QR code of ${view.text}`;
    case 'error':
      return `${view.code}: ${view.line}. ${view.advice}`;
  }
}
