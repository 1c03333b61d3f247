#!/usr/bin/env bash
# Proves the compose file on this machine, with the images that are built: a clip through the published port, metrics in
# Prometheus, a worker killed in the middle of work and replaced, and nothing lost by `docker compose down`.
# Usage: docker compose up -d --wait && bash ops/compose/check.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
url=http://127.0.0.1:${PORT:-8080} prometheus=http://127.0.0.1:${PROMETHEUS_PORT:-9090} grafana=http://127.0.0.1:${GRAFANA_PORT:-3000}
failed=0
say() { printf '%s  %s\n' "$1" "$2"; [ "$1" = ok ] || failed=$((failed + 1)); }
check() { local what=$1; shift; if "$@"; then say ok "$what"; else say FAILED "$what"; fi; }
wait_for() { local end=$((SECONDS + $1)); shift; until "$@"; do [ "$SECONDS" -lt "$end" ] || return 1; sleep 1; done; }
field() { node -e 'let t="";process.stdin.on("data",(d)=>t+=d).on("end",()=>{let v=JSON.parse(t);for(const k of process.argv[1].split("."))v=v?.[k];console.log(v)})' "$1"; }
answers() { curl -fsS -o /dev/null "$1" 2>/dev/null; }
succeeded() { [ "$(curl -fsS "$url/v1/jobs/$1?waitSeconds=30" | field state)" = succeeded ]; }
job() { curl -fsS -F "file=@$1" "$url/v1/jobs" | field id; }
query() { curl -fsS --data-urlencode "query=$1" "$prometheus/api/v1/query" | field data.result.0.value.1; }
at_least() { local value; value=$(query "$1"); node -e 'process.exit(Number(process.argv[1]) >= Number(process.argv[2]) ? 0 : 1)' "$value" "$2"; }

check 'the gateway is ready' wait_for 60 answers "$url/readyz"
check 'a clip sent to the published port is a violin' \
  test "$(curl -fsS -F file=@samples/violin-01.wav "$url/v1/classify" | field result.label)" = violin
check 'an m4a goes through the ffmpeg of the image' succeeded "$(job samples/"$(cd samples && ls | grep -m1 m4a)")"
check 'Prometheus scrapes gateway, preprocess and worker' wait_for 60 at_least 'sum(up{job="timbre"})' 3
check 'the rules of scaling are evaluated' wait_for 60 at_least 'count(timbre:desired_replicas)' 2
check 'nothing is published beyond this machine without secrets and keys' \
  bash -c '! BIND_ADDRESS=0.0.0.0 docker compose run --rm prepare >/dev/null 2>&1'
check 'Grafana is up' answers "$grafana/api/health"
check 'containers have a read-only root' \
  bash -c '! docker compose exec -T worker node -e "require(\"fs\").writeFileSync(\"/app/x\",\"\")" 2>/dev/null'
check 'and run as user 1000' test "$(docker compose exec -T worker node -p 'process.getuid()')" = 1000

jobs=(); for _ in $(seq 20); do jobs+=("$(job samples/drums-01.wav)"); done
docker compose kill -s KILL worker >/dev/null 2>&1
for _ in $(seq 20); do jobs+=("$(job samples/drums-01.wav)"); done
docker compose up -d --no-recreate --scale worker=2 worker >/dev/null 2>&1
ended=0; for id in "${jobs[@]}"; do succeeded "$id" && ended=$((ended + 1)); done
check "40 clips end though their worker was killed ($ended of 40)" test "$ended" = 40
check '2 workers are there now' test "$(docker compose ps -q worker | wc -l)" = 2

before=$(curl -fsS "$url/v1/jobs/${jobs[0]}"); waiting=()
docker compose stop worker >/dev/null 2>&1
for _ in $(seq 5); do waiting+=("$(job samples/violin-01.wav)"); done
docker compose down >/dev/null 2>&1
docker compose up -d --wait gateway preprocess worker prometheus grafana >/dev/null 2>&1
check 'the gateway is back after down and up' wait_for 90 answers "$url/readyz"
check 'a finished job is as it was' test "$(curl -fsS "$url/v1/jobs/${jobs[0]}")" = "$before"
ended=0; for id in "${waiting[@]}"; do succeeded "$id" && ended=$((ended + 1)); done
check "5 clips that waited during it have ended ($ended of 5)" test "$ended" = 5

echo "$failed failed"
exit "$((failed > 0))"
