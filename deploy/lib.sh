# shellcheck shell=bash
# What the scripts beside this file share. The one place that knows where the system runs:
#   DEPLOY=compose   (default) containers of ../docker-compose.yml, passwords from ../.env
#   DEPLOY=local     processes and servers that are there already, named by the INVOICESTREAM_* variables in the environment
# Local settings of the scripts: APP_COMMAND (default `invoicestream`), INVOICESTREAM_MIGRATE_URL (the SQL URL of the user that may
# change tables; default INVOICESTREAM_SQL_URL). No password is ever an argument of a process.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ENV_FILE=${ENV_FILE:-$ROOT/.env}
DEPLOY=${DEPLOY:-compose}
case $DEPLOY in compose | local) ;; *) echo "DEPLOY is compose or local, not $DEPLOY" >&2 && exit 2 ;; esac

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*" && exit 1; }
# Prints the comment at the script's head when --help is asked for.
help_of() {
  case ${2:-} in -h | --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1" && exit 0 ;; esac
}
folder_of() { # of a backup, absolute
  [ $# = 1 ] || fail "one folder is needed; see --help"
  realpath -m -- "$1"
}

compose() { docker compose --project-directory "$ROOT" --env-file "$ENV_FILE" "$@"; }
need_compose() { [ "$DEPLOY" = compose ] || fail "there is nothing to do for DEPLOY=$DEPLOY: $1"; }

# in_app FOLDER COMMAND...: `invoicestream COMMAND...` beside the services, where FOLDER is at the same path.
in_app() {
  local folder=$1
  shift
  if [ "$DEPLOY" = local ]; then "${APP_COMMAND:-invoicestream}" "$@" && return; fi
  [ "$DEPLOY" = compose ] || return
  compose run --rm --no-deps -T --user "$(id -u):$(id -g)" --volume "$folder:$folder" app "$@"
}
in_migrate() { # `invoicestream migrate`, as the user that may
  if [ "$DEPLOY" = compose ]; then
    compose run --rm --no-deps -T migrate
  else
    INVOICESTREAM_SQL_URL=$(sql_url migrate) "${APP_COMMAND:-invoicestream}" migrate
  fi
}

# sql app|migrate PROGRAM ARGUMENTS...: a program of MariaDB as that user; the database's name comes last.
sql() {
  local user=$1 program=$2
  shift 2
  if [ "$DEPLOY" = compose ]; then
    # shellcheck disable=SC2016  # these variables are the container's
    compose exec -T mariadb bash -c 'set -eu; user=$1; shift
      case $user in app) export MYSQL_PWD=$SQL_PASSWORD; name=invoicestream ;; *) export MYSQL_PWD=$MIGRATE_PASSWORD; name=invoicestream_migrate ;; esac
      program=$1; shift; exec "$program" --user="$name" "$@" invoices' bash "$user" "$program" "$@"
  else
    local url host port name password
    url=$(sql_url "$user")
    [[ $url =~ ^mysql\+aiomysql://([^:@/]+):([^@/]*)@([^:/]+)(:([0-9]+))?/([^?]+) ]] ||
      fail "INVOICESTREAM_SQL_URL is no mysql+aiomysql://USER:PASSWORD@HOST/DATABASE; embedded stores are backed up by copying their folder while nothing runs"
    name=$(unquote "${BASH_REMATCH[1]}") password=$(unquote "${BASH_REMATCH[2]}") host=${BASH_REMATCH[3]} port=${BASH_REMATCH[5]:-3306}
    local database=${BASH_REMATCH[6]}
    password=${password//\\/\\\\} && password=${password//\"/\\\"}
    (
      options=$(mktemp) && trap 'rm -f "$options"' EXIT # mode 0600
      printf '[client]\nprotocol=tcp\nhost="%s"\nport=%s\nuser="%s"\npassword="%s"\n' "$host" "$port" "$name" "$password" >"$options"
      "$program" --defaults-extra-file="$options" "$@" "$database"
    )
  fi
}
sql_url() {
  local url=${INVOICESTREAM_SQL_URL:-}
  if [ -z "$url" ] && [ -n "${INVOICESTREAM_SQL_URL_FILE:-}" ]; then url=$(<"$INVOICESTREAM_SQL_URL_FILE"); fi
  if [ "$1" = migrate ]; then url=${INVOICESTREAM_MIGRATE_URL:-$url}; fi
  printf %s "$url"
}
unquote() { printf '%b' "${1//%/\\x}"; }

# One consistent moment, without locks that services would feel, and with no right but SELECT.
sql_dump() {
  sql app mariadb-dump --single-transaction --quick --hex-blob --no-tablespaces --skip-triggers --skip-add-locks --skip-disable-keys \
    --default-character-set=utf8mb4
}
sql_load() { sql migrate mariadb --default-character-set=utf8mb4 --batch; }
sql_ask() { sql migrate mariadb --batch --skip-column-names --execute "$1"; }
# Whether no table has a row, but that which names the schema's version.
sql_is_empty() {
  local tables table
  tables=$(sql_ask "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> 'alembic_version'") || fail "SQL does not answer"
  for table in $tables; do
    [ -z "$(sql_ask "SELECT 1 FROM \`$table\` LIMIT 1")" ] || return 1
  done
}

# The originals in the backup that is the current folder, by SHA-256, as tenant/ab/sha256.
blob_files() { find blobs -type f -regextype posix-extended -regex '.*/[0-9a-f]{64}' | LC_ALL=C sort; }
digest() { sha256sum <"$1" | cut -d' ' -f1; }

base_url() { # of the running service
  local port=8000
  if [ "$DEPLOY" = compose ] && [ -f "$ENV_FILE" ]; then port=$(sed -n 's/^PORT=//p' "$ENV_FILE"); fi
  echo "${INVOICESTREAM_URL:-http://127.0.0.1:${port:-8000}}"
}
wait_ready() { # SECONDS
  local until=$((SECONDS + $1)) url
  url=$(base_url)
  until curl --silent --fail --max-time 5 --output /dev/null "$url/readyz"; do
    [ $SECONDS -lt $until ] || fail "$url/readyz does not say ready after $1 s; deploy/logs tells why"
    sleep 1
  done
}
