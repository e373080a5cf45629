# Tries what a deploy needs of a host: one line for each thing tried, NAME TAB ok|bad TAB what it said. Runs as root; it
# leaves nothing there. Plain sh, since python3 is among what may be missing. Always exits 0: the lines are the answer.
export LC_ALL=C

try() {
    name=$1
    shift
    if said=$("$@" 2>&1); then verdict=ok; else verdict=bad; fi
    printf '%s\t%s\t%s\n' "$name" "$verdict" "$(printf '%s' "$said" | tr '\n\t' '  ')"
}

root() {
    [ "$(id -u)" = 0 ] || { echo "no sudo: not allowed to execute as root"; return 1; }
    echo "root by ${SUDO_USER:+sudo from $SUDO_USER}${SUDO_USER:-login}" | sed 's/from \(.*\)\1$/from \1/'
}

python() {
    python3 -c 'import sys; print("Python", sys.version.split()[0]); sys.exit(sys.version_info < (3, 10))'
}

systemd() {
    [ -d /run/systemd/system ] || { echo "no systemd"; return 1; }
    systemctl --version | head -n 1
}

# Writes 1 MiB, the only way to be sure, then tells how much is free.
room() {
    file=$(mktemp "$1/.alert-threader-doctor.XXXXXX") || return 1
    head -c 1048576 /dev/zero > "$file"
    written=$?
    rm -f "$file"
    [ "$written" = 0 ] || return 1
    free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
    echo "$free MiB are free on $1"
    [ "$free" -ge "$2" ]
}

try root root
try python3 python
try systemd systemd
try /var room /var/lib 64
try /etc room /etc 8
try /tmp room /tmp 32
