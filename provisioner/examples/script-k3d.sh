#!/bin/sh
# A platform of type script (docs/script-platform.md): each cluster is K3s in Docker, by k3d. Needs k3d, Docker and jq.
# Not tried by us: it needs a Docker engine. What it says of our mark is kept in a label of k3d's own network.
set -eu
name=${DASHBUTTON_NAME:-}
mine() { docker network inspect "k3d-$name" --format '{{index .Labels "dashbutton"}}' 2>/dev/null || true; }
there() { k3d cluster list -o json | jq -e --arg name "$name" 'any(.[]; .name == $name)' >/dev/null; }

case "$1" in
check) docker info >/dev/null && k3d version >&2 ;;
create)
  if there; then if [ "$(mine)" = "$DASHBUTTON_MARK" ]; then exit 0; else echo "a cluster $name is there, and not ours" >&2; exit 10; fi; fi
  docker network inspect "k3d-$name" >/dev/null 2>&1 || docker network create --label "dashbutton=$DASHBUTTON_MARK" "k3d-$name" >&2
  k3d cluster create "$name" --network "k3d-$name" --agents 2 --k3s-arg "--cluster-cidr=$DASHBUTTON_RANGE@server:*" --kubeconfig-update-default=false >&2
  ;;
observe)
  if ! there; then echo '{"state": "absent"}'; exit 0; fi
  k3d cluster list -o json | jq --arg name "$name" --arg mark "$(mine)" '.[] | select(.name == $name) |
    {state: (if .serversRunning >= .serversCount and .agentsRunning >= .agentsCount then "ready" else "building" end),
     mark: $mark, phase: "nodes starting", done: (.serversRunning + .agentsRunning), total: (.serversCount + .agentsCount)}'
  ;;
access) k3d kubeconfig get "$name" ;;
delete) k3d cluster delete "$name" >&2; docker network rm "k3d-$name" >/dev/null 2>&1 || true ;;
*) exit 11 ;;
esac
