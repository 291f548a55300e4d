/** RMQTT 0.24 as relay of the dash button. Pure. Why these values: docs/operating.md. */
import { join } from 'node:path';
import { defaultLimits } from '../../relay/src/limits/limits.ts';

/** As RMQTT has them by default: between the nodes (gRPC, Raft), and its HTTP interface. */
const grpcPort = 5363;
const raftPort = 6003;
const apiPort = 6060;

/** The largest packet: a SUBSCRIBE of a provisioner to 64 topics has 3 kB. */
const maxPacket = '4k';

export interface RmqttNode {
  /** All of them; one: no cluster. */
  nodes: readonly string[];
  /** From 1. */
  node: number;
  /** Absolute; the plugins' files go below it. */
  folder: string;
  auth: string;
  /** For its HTTP interface. */
  token: string;
}

/** All files of one node. */
export function rmqttFiles(options: RmqttNode): { path: string; text: string }[] {
  const { folder, nodes } = options;
  const plugins = join(folder, 'plugins');
  const files: [string, string][] = [
    [join(folder, 'rmqtt.toml'), mainText(options, plugins)],
    [join(plugins, 'rmqtt-auth-http.toml'), authText(options)],
    [join(plugins, 'rmqtt-acl.toml'), aclText],
    [join(plugins, 'rmqtt-retainer.toml'), retainerText],
    [join(plugins, 'rmqtt-http-api.toml'), apiText(options)],
    ...(nodes.length < 2
      ? []
      : [[join(plugins, 'rmqtt-cluster-raft.toml'), raftText(options)] satisfies [string, string]]),
  ];
  return files.map(([path, text]) => ({ path, text: `${head}${text}` }));
}

const head = '# Written by "dashbutton relay export rmqtt".\n';

function mainText({ node, nodes }: RmqttNode, plugins: string): string {
  const started = ['rmqtt-auth-http', 'rmqtt-acl', 'rmqtt-retainer', 'rmqtt-http-api'];
  if (nodes.length > 1) started.unshift('rmqtt-cluster-raft');
  return `
[node]
id = ${node}

[rpc]
server_addr = "0.0.0.0:${grpcPort}"

[log]
to = "console"
level = "info"

[plugins]
dir = "${plugins}/"
default_startups = [${started.map(name => `"${name}"`).join(', ')}]

[listener.tcp.external]
addr = "0.0.0.0:1883"
max_connections = 20000
max_packet_size = "${maxPacket}"
nodelay = true
# The login service decides, and rmqtt-acl forbids what it does not know.
allow_anonymous = false
max_qos_allowed = 1
max_keepalive = ${defaultLimits.keepAliveCeilingS}
# Nothing is kept for those who are away: what matters is retained, or said again.
session_expiry_interval = "0s"
# For the open internet, instead: TLS with an RSA certificate, because the button's chip can use no other.
#[listener.tls.external]
#addr = "0.0.0.0:8883"
#cert = "/etc/rmqtt/relay.crt"
#key = "/etc/rmqtt/relay.key"
`;
}

function authText({ auth }: RmqttNode): string {
  return `
http_timeout = "5s"
disconnect_if_pub_rejected = true
deny_if_error = true

[http_auth_req]
url = "${auth}"
method = "post"
headers = { content-type = "application/json" }
params = { clientid = "%c", username = "%u", password = "%P", ipaddress = "%a" }
`;
}

/** What nobody has granted is forbidden: an answer that is no answer must not let anybody in. */
const aclText = `
disconnect_if_pub_rejected = true
rules = [["deny", "all"]]
`;

const retainerText = `
storage.type = "ram"
# 0: no limit but the buttons'. Two topics for each button and one for each site.
max_retained_messages = 0
max_payload_size = "${defaultLimits.payloadBytes}b"
`;

function apiText({ token }: RmqttNode): string {
  return `
http_laddr = "127.0.0.1:${apiPort}"
http_bearer_token = "${token}"
`;
}

function raftText({ nodes }: RmqttNode): string {
  const at = (port: number) => nodes.map((host, i) => `"${i + 1}@${host}:${port}"`).join(', ');
  return `
node_grpc_addrs = [${at(grpcPort)}]
raft_peer_addrs = [${at(raftPort)}]
# With 0, nodes that start at the same time can elect two leaders for ever (3 of 8 starts).
leader_id = 1
# A node that hangs holds up the others for so long.
node_grpc_client_timeout = "2s"
# A login waits for this.
raft.proposal_batch_timeout = "5ms"
`;
}
