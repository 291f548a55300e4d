/** All that a provisioner asks of a management cluster with the rights it has: for tests of these rights. */
import { messageOf } from '../../config/src/setup-error.ts';
import type { Template } from '../../provisioner/src/platforms/platform.ts';
import { giveBack, never, orderOf, until } from './contract-world.ts';
import { Front } from './front.ts';
import type { Backend } from './kube-caller.ts';
import { driverFor } from './management.ts';
import type { Ground } from './role-grounds.ts';

let press = 0;

/** From its start to the end of a cluster. Empty when all went well. */
export async function troubleOf(
  { management }: Ground,
  backend: Backend,
  template: Template,
): Promise<string> {
  const front = await Front.start(backend);
  const { namespace } = management;
  const driver = driverFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
  const order = orderOf({ template }, `role-${++press}`, '10.1.0.0/20');
  try {
    await driver.check(never);
    const missing = await driver.missing(template, never);
    if (missing.length > 0) return missing.join('\n');
    if (template.class !== undefined) {
      const [line = ''] = await driver.missing({ ...template, class: 'none' }, never);
      if (!line.includes('quick-start')) return line;
    }
    await driver.usedRanges(never);
    await driver.create(order.request, never);
    const { id } = await until(driver, order, 'ready');
    await driver.access(order.target, never);
    const lists = front.count('GET', ({ path, isWatch }) => path.endsWith('/clusters') && !isWatch);
    // One list for the check and one for the watch; listing again and again works too, at a price.
    if (front.watches !== 1 || lists > 2) return `not followed by one watch: ${lists} lists`;
    await giveBack(driver, order, id);
    return '';
  } catch (error) {
    return messageOf(error);
  } finally {
    await driver.close();
    await front.close();
  }
}

/** What a press says when nobody has looked before whether it may. Empty when all objects were made. */
export async function pressTrouble(
  { management: { namespace } }: Ground,
  backend: Backend,
  template: Template,
): Promise<string> {
  const driver = driverFor(backend, namespace);
  const order = orderOf({ template }, `role-${++press}`, '10.1.0.0/20');
  try {
    await driver.create(order.request, never);
    return '';
  } catch (error) {
    return messageOf(error);
  } finally {
    await driver.close();
  }
}

/** Takes away, with all rights, what the last journey or press has left because it could not end it. */
export async function clear(
  { management: { backend, namespace } }: Ground,
  templates: readonly Template[],
): Promise<void> {
  const driver = driverFor(backend, namespace);
  for (const template of templates) {
    await giveBack(driver, orderOf({ template }, `role-${press}`, '10.1.0.0/20'));
  }
  await driver.close();
}
