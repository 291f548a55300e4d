/** What stands beside the cases: stations, clusters, troubles, log. Plain elements, changed only where something is new. */
import type { Facts, PressFact } from '../facts.ts';
import { type TroubleName, troubles } from '../troubles.ts';
import { type Stop, titles } from '../way.ts';
import { need } from './stage.ts';
import { afterText, ageText } from './text.ts';

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Sets a text only when it is another one: nothing is drawn anew for the same. */
export function say(where: Element, text: string): void {
  if (where.textContent !== text) where.textContent = text;
}

export function showWay(list: Element, way: Stop[]): void {
  if (list.childElementCount === 0) {
    for (const { station } of way) {
      const item = element('li');
      item.dataset.station = station;
      item.append(element('span', 'name', titles[station]), element('span', 'time'));
      list.append(item);
    }
  }
  way.forEach(({ afterMs, failed }, i) => {
    const item = list.children[i];
    if (item === undefined) return;
    const state = failed ? 'failed' : afterMs === undefined ? '' : 'lit';
    if (item.className !== state) item.className = state;
    say(need(item, '.time'), failed ? 'no further' : afterMs === undefined ? '' : afterText(afterMs));
  });
}

const standing = ['accepted', 'reserved', 'creating', 'building', 'verifying', 'ready', 'releasing'];

const wordOf: Record<string, string> = { ready: '', releasing: 'is being given back' };

export function showClusters(section: Element, { presses, settingsFile }: Facts): void {
  const list = need(section, 'ul');
  const clusters = presses.filter(({ cluster, step }) => cluster !== '' && standing.includes(step)).reverse();
  need<HTMLElement>(section, '.none').hidden = clusters.length > 0;
  const known = new Map([...list.children].map(item => [(item as HTMLElement).dataset.cluster, item]));
  const items = clusters.map(press => known.get(press.cluster) ?? clusterItem(press, settingsFile));
  clusters.forEach((press, i) => {
    const item = items[i];
    if (item === undefined) return;
    const readyAt = press.history.find(({ step }) => step === 'ready')?.at;
    say(need(item, '.address'), press.address ?? '');
    say(
      need(item, '.age'),
      wordOf[press.step] || (readyAt === undefined ? `${press.percent} %` : ageText(Date.now() - readyAt)),
    );
    need<HTMLElement>(item, '.way-in').hidden = press.step !== 'ready';
  });
  if (items.length !== list.childElementCount || items.some((item, i) => list.children[i] !== item)) {
    list.replaceChildren(...items);
  }
}

function clusterItem({ cluster }: PressFact, settingsFile: string): HTMLElement {
  const item = element('li');
  item.dataset.cluster = cluster;
  const way = element('p', 'way-in');
  const command = `npx dashbutton kubeconfig ${cluster} --config ${settingsFile}`;
  const copy = element('button', '', 'Copy');
  copy.type = 'button';
  copy.setAttribute('aria-label', `Copy the command that gets into ${cluster}`);
  copy.addEventListener('click', () => {
    void navigator.clipboard?.writeText(command).then(() => say(copy, 'Copied'));
  });
  way.append(element('code', '', command), copy);
  item.append(element('strong', '', cluster), element('span', 'address'), element('span', 'age'), way);
  return item;
}

export function makeTroubles(list: Element, change: (name: TroubleName, on: boolean) => void): void {
  for (const { name, title, tells, once } of troubles) {
    const item = element('li');
    item.dataset.trouble = name;
    if (once) {
      const button = element('button', '', title);
      button.type = 'button';
      button.addEventListener('click', () => change(name, true));
      item.append(button, element('small', '', tells));
    } else {
      const label = element('label');
      const box = element('input');
      box.type = 'checkbox';
      box.addEventListener('change', () => change(name, box.checked));
      label.append(box, element('span', '', title), element('small', '', tells));
      item.append(label);
    }
    list.append(item);
  }
}

export function showTroubles(list: Element, on: ReadonlySet<TroubleName>): void {
  for (const item of list.children) {
    const box = item.querySelector('input');
    const isOn = on.has((item as HTMLElement).dataset.trouble as TroubleName);
    if (box && box.checked !== isOn) box.checked = isOn;
  }
}
