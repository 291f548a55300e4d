/** `dashbutton kubeconfig`: the way into a cluster. */
import { Command } from 'commander';
import type { KubeconfigOptions } from './kubeconfig.ts';

export function kubeconfigCommand(): Command {
  return new Command('kubeconfig')
    .description("the kubeconfig of a ready cluster: its administrator's, so keep it to yourself")
    .argument('<cluster>', 'its name, as dashbutton clusters shows it')
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--out <file>', 'a new file that only you may read (mode 600), instead of standard output')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton kubeconfig house-01-3 --config lab.yaml --out house-01-3.kubeconfig
  KUBECONFIG=house-01-3.kubeconfig kubectl get nodes
  dashbutton kubeconfig house-01-3 --config lab.yaml | kubectl --kubeconfig /dev/stdin get nodes

Asks the running provisioner, which asks the platform, and notes the cluster's name in its log. When none runs, asks the
platform itself, with what the settings say. It never goes over the relay. Run it as the provisioner's user (or root).`,
    )
    .action(async (cluster: string, options: KubeconfigOptions) => {
      const { kubeconfig } = await import('./kubeconfig.ts');
      const text = await kubeconfig(cluster, options, line => process.stderr.write(`${line}\n`));
      if (text !== undefined) process.stdout.write(text);
    });
}
