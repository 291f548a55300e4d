/** EMQX 5.8 as relay of the dash button, from its documentation: nobody of us has run it. Pure. */
import { defaultLimits } from '../../relay/src/limits/limits.ts';

/** A part of a configuration in HOCON, to be included by `emqx.conf`. */
export function emqxText(auth: string): string {
  return `# Written by "dashbutton relay export emqx", for EMQX 5.8 or newer: in emqx.conf, include "dashbutton.conf".
# From EMQX's documentation, not tried yet: "dashbutton relay test" says what it keeps.

authentication = [
  {
    mechanism = password_based
    backend = http
    method = post
    url = "${auth}"
    headers { "content-type" = "application/json" }
    # The answer has the rules of this user; they go before all other sources.
    body {
      clientid = "\${clientid}"
      username = "\${username}"
      password = "\${password}"
      ipaddress = "\${peerhost}"
    }
    request_timeout = "5s"
    pool_size = 32
  }
]

authorization {
  no_match = deny
  deny_action = disconnect
  sources = []
}

mqtt {
  # A SUBSCRIBE of a provisioner to 64 topics has 3 kB.
  max_packet_size = 4KB
  max_qos_allowed = 1
  server_keepalive = ${defaultLimits.keepAliveCeilingS}
  # Nothing is kept for those who are away: what matters is retained, or said again.
  session_expiry_interval = 0s
}

retainer {
  enable = true
  max_payload_size = ${defaultLimits.payloadBytes}B
}
`;
}
