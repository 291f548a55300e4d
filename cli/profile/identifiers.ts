/** What belongs to one platform or account, and what a profile says in its place until a person fills it in. */

const provider = 'uuid of the provider';
const subnet = 'uuid of the subnet';
const aciProfile = 'uuid of the ACI profile';
const role = 'ARN of the role';

/** Fields whose text is always such an identifier. */
const named = new Map<string, string>([
  ['provider_client_config_uuid', provider],
  ['vsphere_client_config_uuid', provider],
  ['provider', provider],
  ['ingress_vip_pool_id', subnet],
  ['node_ip_pool_uuid', subnet],
  ['node_ip_pool_id', subnet],
  ['subnet_id', subnet],
  ['aci_profile_uuid', aciProfile],
  ['aci_profile', aciProfile],
  ['access_role_arn', role],
  ['aws_iam_role_arn', role],
]);

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const arn = /\barn:aws[\w-]*:/i;

/** Whether a text here is always an identifier. */
export function isIdentifierField(field: string): boolean {
  return named.has(field);
}

/** What kind of identifier a text is: "uuid of the subnet"; undefined when it is none. */
export function identifierIn(field: string, text: string): string | undefined {
  if (text === '' || isPlaceholder(text)) return undefined;
  const known = named.get(field);
  if (known !== undefined) return known;
  if (arn.test(text)) return 'ARN';
  if (uuid.test(text)) return 'uuid';
  return /(^|_)(uu|gu)?id$/.test(field) ? 'id' : undefined;
}

/** What stands in its place, and says what a person has to put there. */
export function placeholderFor(what: string): string {
  if (what === keyWhat) return `<${keyWhat}: one line of a .pub file>`;
  if (what.startsWith('ARN')) return `<${what}: the cloud account shows it>`;
  return what.startsWith('uuid of')
    ? `<${what}: dashbutton doctor lists them>`
    : `<${what} of your own platform>`;
}

export const keyWhat = 'SSH public key';

/** Also one that came with the payload, because somebody else had left the value out. */
export function isPlaceholder(text: string): boolean {
  return /^<[^<>]+>$/.test(text.trim());
}

/** A value of the right shape for checking everything else. The key's bytes are nobody's. */
export function standIn(placeholder: string): string {
  if (placeholder.startsWith('<SSH')) return `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`;
  if (placeholder.startsWith('<ARN')) return 'arn:aws:iam::123456789012:role/name';
  return '00000000-0000-4000-8000-000000000000';
}
