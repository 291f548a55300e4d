/** What the page needs before the world is there (its proxy, its buttons), and the page when it is. */
import { spawn } from 'node:child_process';
import type { Logger } from '../../../config/src/log.ts';
import type { RelayOptions } from '../../../relay/src/relay.ts';
import { startProxy } from '../../../simulator/proxy.ts';
import type { ButtonPlan } from '../site.ts';
import type { World } from '../world.ts';
import { ProxyTap } from './facts.ts';
import { LogTail, type Page, pageButtons, startPage } from './page.ts';

export interface OpenPage {
  buttons: ButtonPlan[];
  /** The lab dials out through this. */
  proxyUrl: string;
  /** The relay's, for the page's buttons. */
  listeners: NonNullable<RelayOptions['listeners']>;
  /** For the log. */
  tail: LogTail;
  /** Opens the page, where there is a browser and a person; returns its address. */
  serve(world: World, speed: number, log: Logger): Promise<string>;
  close(): Promise<void>;
}

export async function openPage(): Promise<OpenPage> {
  let page: Page | undefined;
  const tap = new ProxyTap(pageButtons.map(({ name }) => name));
  const proxy = await startProxy(tap.tunnel);
  const tail = new LogTail();
  return {
    buttons: pageButtons,
    proxyUrl: proxy.url,
    listeners: [{ kind: 'ws', port: 0 }],
    tail,
    async serve(world, speed, log) {
      page = await startPage({ world, proxy, tap, speed, tail, log });
      if (process.stdin.isTTY && process.stdout.isTTY) openBrowser(page.url);
      return page.url;
    },
    async close() {
      await page?.close();
      await proxy.close();
    },
  };
}

/** Where there is none, the printed address has to do. */
function openBrowser(url: string): void {
  const { platform, env } = process;
  const hasScreen = platform === 'darwin' || env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined;
  if (!hasScreen || env.CI !== undefined) return;
  const opener = spawn(platform === 'darwin' ? 'open' : 'xdg-open', [url], {
    stdio: 'ignore',
    detached: true,
  });
  opener.on('error', () => {}).unref();
}
