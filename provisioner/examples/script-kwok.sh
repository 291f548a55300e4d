#!/bin/sh
# A platform of type script (docs/script-platform.md): each cluster is an API server, an etcd and played nodes by kwokctl.
# The addresses are of this machine only.
set -eu
name=${DASHBUTTON_NAME:-}
folder="$HOME/.kwok/clusters/$name"

case "$1" in
check) kwokctl --version >&2 ;;
create)
  if [ ! -e "$folder" ]; then mkdir -p "$folder" && printf '%s' "$DASHBUTTON_MARK" >"$folder/dashbutton"; fi
  if [ "$(cat "$folder/dashbutton" 2>/dev/null)" != "$DASHBUTTON_MARK" ]; then
    echo "a cluster $name is there, and not ours" >&2
    exit 10
  fi
  if [ ! -e "$folder/kwok.yaml" ]; then kwokctl create cluster --name "$name" --wait 60s >&2; fi
  kwokctl --name "$name" scale node --replicas 3 >&2
  ;;
observe)
  if [ ! -e "$folder" ]; then echo '{"state": "absent"}'; exit 0; fi
  mark=$(cat "$folder/dashbutton" 2>/dev/null || true)
  state=building
  if kwokctl --name "$name" kubectl get --raw /readyz >/dev/null 2>&1; then state=ready; fi
  printf '{"state": "%s", "mark": "%s", "phase": "starting"}\n' "$state" "$mark"
  ;;
access) kwokctl --name "$name" get kubeconfig ;;
delete) if [ -e "$folder" ]; then kwokctl delete cluster --name "$name" >&2; rm -rf "$folder"; fi ;;
*) exit 11 ;;
esac
