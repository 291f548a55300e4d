/** The first line of a YAML file that we write: editors with the YAML language server check and complete by it. */

/** @param schema one of those in schemas/, which `npm run reference` makes. */
export function editorLine(schema: 'provisioner' | 'relay' | 'users'): string {
  return `# yaml-language-server: $schema=${new URL(`../../schemas/${schema}.json`, import.meta.url)}\n`;
}
