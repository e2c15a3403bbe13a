#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs inside the Debian that boot.sh has booted: the packages as an operator meets them. One line for each check; the
# status is 1 when one failed.
# shellcheck disable=SC2317 # functions are called by name
set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive TERM=dumb
failed=0
acked=/tmp/acked

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        failed=1
    fi
}

# Tries for twenty seconds.
soon() {
    for _ in $(seq 200); do
        "$@" 2>/dev/null && return
        sleep 0.1
    done
    "$@"
}

property() { systemctl show --property="$1" --value "${2:-kansend}"; }
is() { [ "$1" = "$2" ] || ! echo "      given \"$1\", expected \"$2\""; }
is_not() { [ "$1" != "$2" ]; }
active() { [ "$(systemctl is-active "$1")" = active ]; }
inactive() { ! active "$1"; }
ping() { kansenctl ping >/dev/null; }
logged() { journalctl --unit kansend --output cat --no-pager | grep -q -- "$1"; }
stored() { kansenctl --json partner list | grep -o '"external_id":"[^"]*"' | cut -d'"' -f4 | sort -u; }

# Adds partners one after the other, each by a connection of its own, and notes which were acknowledged. A connection
# that breaks is no fault, one that is refused is.
writer() {
    local i=0
    while [ ! -e /tmp/enough ]; do
        i=$((i + 1))
        if kansenctl partner add --external-id "$1-$i" --kind sport_club --name "Club $1-$i" --region GM0606 \
            >/dev/null 2>/tmp/error."$1"; then
            echo "$1-$i" >>"$acked.$1"
        else
            cat /tmp/error."$1" >>/tmp/errors
        fi
    done
}

load_begins() {
    rm -f /tmp/enough /tmp/errors
    touch /tmp/errors
    writers=()
    for name in "$@"; do
        writer "$name" &
        writers+=($!)
    done
    sleep 1
}

load_ends() {
    sleep 1
    touch /tmp/enough
    wait "${writers[@]}"
    cat "$acked".* | sort -u >"$acked"
    echo "      $(wc -l <"$acked") writes acknowledged, $(wc -l </tmp/errors) broken off"
}

nothing_lost() { [ -s "$acked" ] && [ -z "$(comm -23 "$acked" <(stored))" ]; }
nobody_refused() { ! grep -iE 'refused|no such file' /tmp/errors; }

# ---- Install

[ "$(systemctl is-system-running --wait)" = running ] || systemctl --failed --no-legend
check 'the packages install' dpkg --install /opt/debs/*_*.deb
check 'the service is active' active kansend.service
check 'it was ready in time' is "$(property Result)" success
check 'its status says what it serves' is "$(property StatusText)" \
    'serves on unix:/run/kansen/kansend.sock 127.0.0.1:7411 (admin 127.0.0.1:7412)'
check 'it answers' ping
issue() { kansenctl client add operations --role operator >/dev/null && (umask 077 && kansenctl token issue --client operations >/tmp/token); }
check 'root issues a token' issue
check 'it answers on TCP' kansenctl -s 127.0.0.1:7411 --token-file /tmp/token ping
check 'nothing has failed' is "$(systemctl --failed --no-legend)" ''
user=$(stat --format %U "/proc/$(property MainPID)")
check 'it runs as its own user' is "$user" kansen
check 'which owns the state' is "$(find /var/lib/kansen -not -user kansen; stat --format '%U %a' /var/lib/kansen/)" 'kansen 700'
kansenctl --json status >/tmp/status
for part in no_new_privileges capabilities seccomp; do
    check "its sandbox has $part" grep -qE "\"sandbox_$part\": *\"on\"" /tmp/status
done
check 'its sandbox has landlock, where the kernel has it' grep -qE '"sandbox_landlock": *"(on|unsupported)"' /tmp/status
stepped_back() { ! logged 'keeps its priority'; }
check 'its threads for long work may step back' stepped_back
check 'it has seeds' is_not "$(kansenctl regions Schiedam | wc -l)" 0
check 'exposure is at most 0.5' systemd-analyze security --no-pager --threshold=5 kansend.service
probe() { # PATH
    exec 9<>/dev/tcp/127.0.0.1/7412 && printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&9 && head -1 <&9
    exec 9>&-
}
check 'the admin port answers' grep -q 200 <(probe /readyz)
check 'with metrics, too' grep -q 200 <(probe /metrics)
check 'kansen-verify is there' kansen-verify --version

# ---- TLS: by credentials, which the daemon could not read itself, then from files that are read again

certify() { # CERTIFICATE KEY
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2" -out "$1" -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
}
secure() { kansenctl -s tls:127.0.0.1:7413 --ca "$1" --token-file /tmp/token ping >/dev/null; }
insecure() { ! secure "$1" 2>/dev/null; }
check 'the folder of keys is for root alone' is "$(stat --format '%U %a' /etc/kansen/tls)" 'root 700'
certify /etc/kansen/tls/certificate.pem /etc/kansen/tls/key.pem
cp /etc/kansen/tls/certificate.pem /tmp/first.pem
systemctl enable --quiet kansend-tls.socket
systemctl stop kansend.service kansend.socket 2>/dev/null
check 'the socket of TLS starts' systemctl start kansend-tls.socket kansend.service
check 'TLS by a key that only root can read' secure /tmp/first.pem
check 'its status names that address' grep -q 'tls:\[::\]:7413' <(property StatusText)
check 'a reload, whose check does not see that key' systemctl reload kansend
check 'TLS as before' secure /tmp/first.pem
install -d -o kansen -m 750 /etc/kansen/live
certify /etc/kansen/live/certificate.pem /etc/kansen/live/key.pem
chown kansen /etc/kansen/live/key.pem
printf 'tls_certificate = "/etc/kansen/live/certificate.pem"\ntls_key = "/etc/kansen/live/key.pem"\n' \
    >>/etc/kansen/kansend.conf
check 'it is restarted with files of its own' systemctl restart kansend
check 'which are served' secure /etc/kansen/live/certificate.pem
check 'and no others' insecure /tmp/first.pem
certify /tmp/second.pem /tmp/second.key
chown kansen /tmp/second.key
pid=$(property MainPID)
mv /tmp/second.key /etc/kansen/live/key.pem
cp /tmp/second.pem /etc/kansen/live/certificate.pem
check 'a reload' systemctl reload kansend
check 'serves the new certificate' soon secure /tmp/second.pem
check 'by the same process' is "$(property MainPID)" "$pid"
check 'and is active' is "$(property ActiveState)" active
entries() { journalctl -u kansend -o cat "$@" | grep -q .; }
check 'the journal has its fields' entries KANSEN_SUBSYSTEM=reload PRIORITY=5 CODE_FUNC=take

# ---- Start and stop

systemctl stop kansend.service 2>/dev/null
check 'it stops cleanly' is "$(property Result) $(property ExecMainStatus)" 'success 0'
check 'sockets stay' active kansend.socket
check 'a connection starts it' ping
check 'then it is active' active kansend.service

# ---- Watchdog, kill -9

mkdir -p /run/systemd/system/kansend.service.d
printf '[Service]\nWatchdogSec=2s\nTimeoutAbortSec=5s\n' >/run/systemd/system/kansend.service.d/test.conf
systemctl daemon-reload
systemctl restart kansend
sleep 5
check 'an idle daemon is let live' is "$(property NRestarts)" 0
pid=$(property MainPID)
kill -STOP "$pid"
restarted() { [ "$(property NRestarts)" -ge "$1" ] && active kansend.service; }
check 'one whose loops stand still is restarted' soon restarted 1
check 'by the watchdog' logged 'Watchdog timeout'
check 'and answers again' ping

load_begins a b
for times in 2 3 4; do
    kill -9 "$(property MainPID)"
    soon restarted "$times"
    sleep 0.5
done
load_ends
check 'after kill -9 it is restarted, three times' restarted 4
check 'nobody was refused' nobody_refused
check 'nothing acknowledged was lost' nothing_lost

# ---- Backups

is_timed() { systemctl list-timers --no-legend kansen-backup.timer | grep -q kansen-backup.service; }
backups() { find /var/lib/kansen/backup -mindepth 1 -maxdepth 1 -name '*Z' -printf '%f\n' | sort; }
check 'the timer is there, and off' is "$(systemctl is-enabled kansen-backup.timer)" disabled
check 'it is turned on' systemctl enable --quiet --now kansen-backup.timer
check 'and waits for the night' is_timed
printf '[Service]\nExecStart=\nExecStart=/usr/bin/kansenctl -s unix:/run/kansen/kansend.sock backup --keep 2\n' >/tmp/keep.conf
install -D -m 644 /tmp/keep.conf /run/systemd/system/kansen-backup.service.d/keep.conf
systemctl daemon-reload
for nth in 1 2 3; do
    check "backup $nth is made by its service" systemctl start kansen-backup.service
    sleep 1.1
done
check 'the oldest is gone' is "$(backups | wc -l)" 2
newest=/var/lib/kansen/backup/$(backups | tail -1)
check 'the newest is sound' runuser -u kansen -- kansend --check "$newest"
check 'it is the daemon'"'"'s alone' is "$(find "$newest" -not -user kansen -o -perm /077)" ''
check 'the key is not in it' test ! -e "$newest/kansen.key"
check 'exposure of that service is at most 0.5' systemd-analyze security --no-pager --threshold=5 kansen-backup.service

# On another disk, as kansend.conf(5) tells: the rest of the machine is read-only for the daemon.
install -d -o kansen -g kansen -m 700 /srv/kansen-backups
printf 'backup_dir = "/srv/kansen-backups"\n' >>/etc/kansen/kansend.conf
systemctl reset-failed kansend 2>/dev/null # how often it was started until now
systemctl restart kansend
cannot_back_up() { ! kansenctl backup elsewhere 2>/dev/null; }
check 'a place without ReadWritePaths= is not written' cannot_back_up
check 'and the log says so' logged 'backups can not be written'
install -d /run/systemd/system/kansend.service.d
printf '[Service]\nReadWritePaths=/srv/kansen-backups\n' >/run/systemd/system/kansend.service.d/backups.conf
systemctl daemon-reload
systemctl restart kansend
check 'with it a backup is written there' kansenctl backup elsewhere
check 'and is sound' runuser -u kansen -- kansend --check /srv/kansen-backups/elsewhere

restored=/tmp/restored
install -d -o kansen -g kansen -m 700 "$restored"
restore() {
    cp "$newest"/* "$restored"/ && cp /var/lib/kansen/kansen.key "$restored"/ && chown -R kansen: "$restored" &&
        runuser -u kansen -- kansend --check "$restored"
}
check 'it is restored elsewhere' restore

# ---- A wrong configuration

cp /etc/kansen/kansend.conf /tmp/good.conf
echo 'workers = "many"' >>/etc/kansen/kansend.conf
pid=$(property MainPID)
refused() { ! systemctl reload kansend 2>/dev/null; }
check 'a reload of a wrong configuration fails' refused
check 'and the daemon goes on' is "$(property ActiveState) $(property MainPID)" "active $pid"
kill -HUP "$pid"
refusal() { grep -q 'the last reload was refused: .*kansend.conf:[0-9]*: workers' <(property StatusText); }
check 'whoever asks the daemon itself is told by its status' soon refusal
refuses() { ! systemctl restart kansend 2>/dev/null; }
check 'a wrong configuration is not started' refuses
check 'the journal names its line' logged 'kansend.conf:[0-9]*: workers'
cp /tmp/good.conf /etc/kansen/kansend.conf
systemctl stop kansend
systemctl reset-failed kansend 2>/dev/null
check 'with the right one it serves again' ping

# ---- libkansen: what was built with its packages, and restarts under the load of 64 connections

printf 'max_holds = 0\ntoken_rate = 0\n' >>/etc/kansen/kansend.conf
systemctl reset-failed kansend 2>/dev/null # how often it was started until now
systemctl restart kansend
export KANSEN_TOKEN
KANSEN_TOKEN=$(cat /tmp/token)
kansenctl partner add --external-id rolling --kind sport_club --name Rolling --region GM0606 >/dev/null
offer=$(kansenctl --json offer add --external-id rolling --partner rolling --kind sport --title 'Seats for all' --interests sport \
    --seats 60000 --direct-placement | grep -oE '"(offer|id)": *[0-9]+' | grep -oE '[0-9]+')
example() { /opt/debs/example 127.0.0.1:7411 GM0606 somebody first >/tmp/example; }
check 'the example of libkansen(3) runs on the library' example
check 'it finds the offer and holds a seat' grep -qE '^placement [0-9]+$' /tmp/example
/opt/debs/rolling 127.0.0.1:7411 /tmp/rolled 9 64 "$offer" >/tmp/rolling 2>/tmp/rolling.err &
rolling=$!
for how in restart kill restart kill restart; do
    sleep 1
    if [ $how = kill ]; then kill -9 "$(property MainPID)"; else systemctl restart kansend; fi
done
check 'restarts under load: every request is answered well' wait $rolling
head -5 /tmp/rolling.err
echo "      five restarts: $(cat /tmp/rolling)"
held() { kansenctl --json placement list --offer "$offer" | grep -c '"placement"'; }
check 'each reservation is held once' is "$(held)" "$(($(wc -l </tmp/rolled) + 1))"

# ---- Upgrade

load_begins c d e
before=$(property MainPID)
check 'the packages are upgraded under load' dpkg --install /opt/debs/next-*.deb
load_ends
check 'the upgrade restarted it' is_not "$(property MainPID)" "$before"
check 'nobody was refused' nobody_refused
check 'nothing acknowledged was lost' nothing_lost

systemctl stop kansend.service 'kansend*.socket'
check 'the store is sound' runuser -u kansen -- kansend --check /var/lib/kansen
systemctl start kansend-tls.socket kansend-admin.socket kansend.service

# ---- Remove, install again, purge

stored >/tmp/before
check 'the package is removed' dpkg --remove kansend
check 'the service is gone' inactive kansend.service
check 'and the sockets' is "$(systemctl list-units --all --no-legend --plain --state=active 'kansend*')" ''
check 'the state stays' test -s /var/lib/kansen/kansen.mdb
check 'the package is installed again' dpkg --install /opt/debs/next-kansend.deb
check 'with all that was stored' is "$(stored | cmp - /tmp/before 2>&1)" ''
check 'the package is purged, and nobody is asked' dpkg --purge kansend
check 'the state stays' test -s /var/lib/kansen/kansen.mdb
check 'the configuration is gone' test ! -e /etc/kansen/kansend.conf
check 'keys stay' test -s /etc/kansen/tls/key.pem
check 'the package is installed once more' dpkg --install /opt/debs/next-kansend.deb
check 'with all that was stored' is "$(stored | cmp - /tmp/before 2>&1)" ''
echo 'kansend kansend/remove-data boolean true' | debconf-set-selections
check 'the package is purged, and the answer is yes' dpkg --purge kansend
check 'the state is gone' test ! -e /var/lib/kansen
check 'nothing has failed' is "$(systemctl --failed --no-legend)" ''

check 'the others go, and with them the library' dpkg --purge kansenctl kansen-verify libkansen-event0 libkansen0
check 'which leaves nothing' is "$(find / -xdev \( -name 'libkansen*' -o -name 'kansen-*' \) -not -path '/srv/*' -not -path '/opt/*' -not -path '/proc/*')" ''

if [ $failed -ne 0 ]; then
    echo '---- the journal'
    journalctl --unit kansend --no-pager --output short-monotonic | tail -80
fi
exit $failed
