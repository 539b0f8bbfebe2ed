#!/bin/sh
# hardcheck probe, format 1. Reads what is listed at its end and prints it; writes nothing.
#   hardcheck-probe NONCE [t=SECONDS] [b=BYTES] [d=DIGEST16]...
# NONCE: 16 to 64 hexadecimal digits. t: no new item after so many seconds. b: a lower byte limit
# for every item. d: first 16 digits of the sha256 of a blob that is wanted; then nothing else is read.
# shellcheck disable=SC2016 # the fragments in single quotes are expanded by the sh that runs them
set -u
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin LC_ALL=C LANG=C TERM=dumb HOME=/
PAGER=cat SYSTEMD_PAGER='' SYSTEMD_COLORS=0 PYTHONDONTWRITEBYTECODE=1
export PATH LC_ALL LANG TERM HOME PAGER SYSTEMD_PAGER SYSTEMD_COLORS PYTHONDONTWRITEBYTECODE
unset LANGUAGE CDPATH ENV BASH_ENV GREP_OPTIONS POSIXLY_CORRECT QUOTING_STYLE XDG_RUNTIME_DIR
NL='
'

usage() {
  echo 'usage: hardcheck-probe NONCE [t=SECONDS] [b=BYTES] [d=DIGEST16]...' >&2
  exit 64
}

# Every marker starts a line with a secret that no content can hold: NONCE is on the command line,
# where every account of the host can read it, so random bits that never leave this shell are added.
mark() { printf '\n@%s %s\n' "$SECRET" "$1" || exit 74; }

both() {
  mark "$1"
  mark "$1" >&2
}

# Centiseconds since boot in NOW, without a fork; 0 where the kernel does not tell.
clock() {
  NOW=0
  { IFS=' ' read -r NOW _ </proc/uptime; } 2>/dev/null || return 0
  NOW=${NOW%.*}${NOW#*.}
  while [ "${NOW#0}" != "$NOW" ] && [ -n "${NOW#0}" ]; do NOW=${NOW#0}; done
}

# Is it this item's turn? Not in a run for blobs alone, and not after the time for all is over.
due() {
  clock
  START=$NOW
  [ "$END" = 0 ] || [ "$NOW" -lt "$END" ] || {
    mark "n $1 timeout"
    return 1
  }
}

# LIMIT: the item's byte limit, lowered by b=, and one byte more that shows a cut.
limit() { [ "$1" -lt "$BYTES" ] && LIMIT=$(($1 + 1)) || LIMIT=$((BYTES + 1)); }

# within SECONDS COMMAND...: run a command, ended by force when its time is over.
within() {
  case $TIMEOUT in
    2) timeout -k 2 "$@" ;;
    1) timeout "$@" ;;
    *) watched "$@" ;;
  esac
}

# The same without timeout(1): the status of a command that was ended is 143 or 137. What the command
# started itself is ended with it where setsid(1) can make a group of them.
watched() {
  seconds=$1
  shift
  if command -v setsid >/dev/null 2>&1; then
    setsid "$@" &
    child=$! target=-$!
  else
    "$@" &
    child=$! target=$!
  fi
  (
    nap=''
    trap '[ -z "$nap" ] || kill "$nap"; exit 0' TERM
    sleep "$seconds" &
    nap=$!
    wait "$nap"
    kill -s TERM -- "$target"
    sleep 2 &
    nap=$!
    wait "$nap"
    kill -s KILL -- "$target"
  ) >/dev/null 2>&1 3>&- &
  guard=$!
  wait "$child"
  status=$?
  kill "$guard" 2>/dev/null
  return "$status"
}

# Why is there nothing at PATH? A directory on the way that may not be searched hides it; a link is
# followed as far as it goes.
absent() {
  why=not_present at=$1 hops=0
  while [ -n "$at" ] && [ "$at" != / ]; do
    if [ -h "$at" ] && [ ! -e "$at" ] && [ "$hops" -lt 8 ]; then
      hops=$((hops + 1))
      to=$(readlink -- "$at") || break
      case $to in
        /*) at=$to ;;
        *) at=${at%/*}/$to ;;
      esac
      continue
    fi
    if [ -d "$at" ]; then
      [ -x "$at" ] || why=denied
      return 0
    fi
    at=${at%/*}
  done
}

# file KEY BYTES PATH
file() {
  [ -z "$WANT" ] || return 0
  due "$1" || return 0
  if [ ! -e "$3" ]; then
    absent "$3"
    mark "n $1 $why"
  elif [ ! -f "$3" ]; then
    mark "n $1 not_collected"
  else
    limit "$2"
    both "f $1"
    case $3 in
      /proc/* | /sys/*) head -c "$LIMIT" -- "$3" ;;
      *)
        SIZED=$SIZED$NL$3
        within 10 head -c "$LIMIT" -- "$3"
        ;;
    esac
    status=$?
    clock
    mark "e $status $START $NOW"
  fi
}

# run KEY BYTES SECONDS ROOT COMMAND ARGUMENT...
# The status goes to standard error behind what the command said there, past the byte limit.
run() {
  [ -z "$WANT" ] || return 0
  due "$1" || return 0
  command -v "$5" >/dev/null 2>&1 || {
    mark "n $1 tool_missing"
    return 0
  }
  [ "$4" = 0 ] || [ "$USER_ID" = 0 ] || {
    mark "n $1 denied"
    return 0
  }
  seconds=$3
  limit "$2"
  both "c $1"
  shift 4
  {
    {
      within "$seconds" "$@" </dev/null 3>&-
      mark "x $?" >&2
    } 2>&1 >&3 3>&- | tail -c 16384 >&2 3>&-
  } 3>&1 | head -c "$LIMIT"
  status=$?
  clock
  mark "e $status $START $NOW"
}

# fragment KEY BYTES SECONDS ROOT NEEDS BODY
fragment() {
  [ -z "$WANT" ] || return 0
  IFS=' '
  for need in $5; do
    command -v "$need" >/dev/null 2>&1 || {
      mark "n $1 tool_missing"
      return 0
    }
  done
  run "$1" "$2" "$3" "$4" sh -c "$6"
}

# Does a directory on the way of a pattern keep this account from seeing what matches?
closed() {
  so_far='' rest=${1#/}
  while :; do
    name=${rest%%/*}
    for directory in ${so_far:-/}; do
      [ -d "$directory" ] || continue
      [ -x "$directory" ] || return 0
      case $name in *[*?[]*) [ -r "$directory" ] || return 0 ;; esac
    done
    so_far=$so_far/$name
    case $rest in */*) rest=${rest#*/} ;; *) return 1 ;; esac
  done
}

# Is that digest among the wanted ones? Always not in a first run.
wanted() {
  case $WANT in *" ${1%"${1#????????????????}"} "*) return 0 ;; esac
  return 1
}

# member BLOBS PATH: one by itself, where names or sizes do not allow many at once.
member() {
  mark p
  printf '%s' "$2"
  mark o
  # shellcheck disable=SC2086 # an option or nothing
  within 10 stat $follow -c '%f %u %g %s' -- "$2"
  if [ -h "$2" ] && [ "$first" = 0 ]; then
    mark l
    readlink -- "$2"
  elif [ -f "$2" ]; then
    [ -r "$2" ] || {
      mark u
      return 0
    }
    if [ "$1" = 1 ]; then
      digest=$(within 60 sha256sum -- "$2") || return 0
      digest=${digest%% *} digest=${digest#\\}
      mark "g $digest"
      wanted "$digest" || return 0
    fi
    mark m
    within 60 head -c "$LIMIT" -- "$2"
    mark "r $?"
  fi
}

# plain BLOBS PATH...: regular files with plain names, on disks: three processes for all of them.
plain() {
  blobs=$1
  shift
  if [ -z "$WANT" ]; then
    mark h
    within 60 sha256sum -- "$@"
    [ "$blobs" = 0 ] || return 0
  else
    lines=$(within 60 sha256sum -- "$@")
    set --
    kept=''
    for line in $lines; do
      wanted "${line%% *}" && kept=$kept$NL$line && set -- "$@" "${line#*  }"
    done
    [ "$#" -gt 0 ] || return 0
    mark s
    # shellcheck disable=SC2086 # an option or nothing
    within 30 stat $follow -c '%f %u %g %s %n' -- "$@"
    mark h
    printf '%s\n' "$kept"
  fi
  mark d
  within 60 head -q -c "$LIMIT" -- "$@" | head -c 16777216
}

# tree KEY FILES BYTES BLOBS FIRST PATTERN...
# FIRST=1: only the first match of all, and through a link. Otherwise links are listed, not followed.
tree() {
  [ -z "$WANT" ] || [ "$4" = 1 ] || return 0
  due "$1" || return 0
  key=$1 most=$2 blobs=$4 first=$5
  limit "$3"
  shift 5
  both "t $key"
  listed='' read_together='' unreadable='' count=0 cut=0 shut=0
  IFS='' follow=''
  [ "$first" = 0 ] || follow=-L
  for pattern; do
    closed "$pattern" && shut=1
    for path in $pattern; do
      [ -e "$path" ] || [ -h "$path" ] || continue
      [ "$count" -lt "$most" ] || {
        cut=1
        break 2
      }
      count=$((count + 1))
      place "$path"
      [ "$first" = 0 ] || break 2
    done
  done
  IFS=$NL
  set -f
  if [ -n "$listed" ] && [ -z "$WANT" ]; then
    mark s
    # shellcheck disable=SC2086 # an option or nothing; one name a line, no patterns
    within 30 stat $follow -c '%f %u %g %s %n' -- $listed
    [ -z "$unreadable" ] || mark "w$unreadable"
  fi
  # shellcheck disable=SC2086 # the same
  [ -z "$read_together" ] || plain "$blobs" $read_together
  set +f
  clock
  mark "e $cut $START $NOW $shut $count"
}

# Sort one member of a tree: odd names, and files without a true size, go one by one.
place() {
  case $1 in
    *[!\ -~]* | *\\* | /proc/* | /sys/*)
      member "$blobs" "$1"
      return
      ;;
  esac
  if [ -h "$1" ] && [ "$first" = 0 ]; then
    [ -n "$WANT" ] || member "$blobs" "$1"
    return
  fi
  listed=$listed$NL$1
  [ -f "$1" ] || return 0
  if [ -r "$1" ]; then read_together=$read_together$NL$1; else unreadable=$unreadable$NL$1; fi
}

begin() { printf '\n@hardcheck 1 %s %s %s %s\n' "$NONCE" "$SECRET" "$USER_ID" "$BUILD" || exit 74; }

probe() {
  case ${1-} in '' | *[!0-9a-f]*) usage ;; esac
  [ "${#1}" -ge 16 ] || usage
  [ "${#1}" -le 64 ] || usage
  NONCE=$1 WANT='' BYTES=1073741824 END=0 SIZED=''
  shift
  clock
  for argument; do
    case ${argument#?=} in '' | *[!0-9a-f]*) usage ;; esac
    case $argument in
      d=????????????????) WANT="${WANT:- }${argument#d=} " ;;
      t=*[a-f]* | b=*[a-f]* | ?=??????????*) usage ;;
      t=*) END=$((NOW + ${argument#t=} * 100)) ;;
      b=*) BYTES=${argument#b=} ;;
      *) usage ;;
    esac
  done
  TIMEOUT=0
  if timeout -k 1 5 true; then TIMEOUT=2; elif timeout 5 true; then TIMEOUT=1; fi 2>/dev/null
  USER_ID=$(id -u) || USER_ID=-
  SECRET=''
  { read -r SECRET </proc/sys/kernel/random/uuid; } 2>/dev/null
  [ -n "$SECRET" ] || SECRET=$(od -A n -N 16 -t x1 /dev/urandom 2>/dev/null | tr -d ' \n')
  SECRET=${SECRET:-$NONCE}
  cd / || exit 74
  begin
  begin >&2
  sources
  if [ -n "$SIZED" ]; then
    mark v
    IFS=$NL
    # shellcheck disable=SC2086 # one name a line, fixed ones
    within 10 stat -L -c '%s %n' -- $SIZED
  fi
  both z
}
