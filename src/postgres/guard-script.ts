/**
 * The few lines of shell that start a server so that it cannot outlive this process. The shell leaves
 * a guard behind and becomes the server itself (exec keeps the process id). The guard blocks on a pipe
 * from us. Whatever ends us, SIGKILL included, closes the pipe: the guard then stops the server at once
 * (SIGQUIT, after a second SIGKILL), provided that the process id still has the start time noted before.
 * The word "release" on the pipe makes the guard leave without touching the server.
 *
 * The guard is started twice removed, so that the server has no child it does not know; it keeps none of
 * the server's files open and always ends, because the pipe always ends.
 */

/** Arguments: the log file, then the server's program and its arguments. Runs with POSIX sh. */
export const guardedStartScript = `
umask 077
log=$1
shift
exec >>"$log" 2>&1 || exit 1
exec 3<&0 </dev/null
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat <"/proc/$1/stat" || return
    stat=\${stat##*) }
    set -- $stat
    [ "$1" = Z ] || echo "\${20}"
  elif [ ! -d /proc/self ]; then
    ps -o lstart= -p "$1"
  fi
}
server=$$
mine=$(started "$server")
(
  (
    exec >/dev/null 2>&1
    cd /
    trap '' HUP INT QUIT TERM PIPE
    word=
    read -r word <&3
    [ "$word" = release ] && exit 0
    [ -n "$mine" ] || exit 0
    [ "$(started "$server")" = "$mine" ] || exit 0
    kill -QUIT "$server"
    tries=0
    while [ "$tries" -lt 20 ]; do
      sleep 0.05
      [ "$(started "$server")" = "$mine" ] || exit 0
      tries=$((tries + 1))
    done
    kill -KILL "$server"
  ) &
)
exec 3<&-
exec "$@"
`;
