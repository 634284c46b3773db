#!/usr/bin/env bash
# libfaketime 0.9.10 moves steady timers by the step of the faked wall clock, even where it is told to leave them alone.
#
# FAKETIME_DONT_FAKE_MONOTONIC=1 keeps clock_gettime(CLOCK_MONOTONIC) and CLOCK_BOOTTIME true. But an absolute timerfd of
# either clock, which is what Swift's Task.sleep waits with on Linux, comes late by as much as the wall clock was put
# back: a program that does nothing wrong seems to stand still under faketime. So who tests steps of the clock with it
# tests faketime itself.
#
# Seen with Debian 12's libfaketime 0.9.10-2.1, with a step of 5 seconds back:
#   boottime after 1 s of waiting for 1 s, without a step: about 1; with it: about 6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libfaketime=0.9.10-2.1
dpkg -x libfaketime_*.deb .
cat > wait.py <<'PYTHON'
import ctypes
import os
import select
import time

libc = ctypes.CDLL(None, use_errno=True)


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class Setting(ctypes.Structure):
    _fields_ = [("interval", Timespec), ("value", Timespec)]


timer = libc.timerfd_create(time.CLOCK_BOOTTIME, 0)
begin = time.clock_gettime(time.CLOCK_BOOTTIME)
due = begin + 1
setting = Setting(Timespec(0, 0), Timespec(int(due), int(due % 1 * 1e9)))
ABSOLUTE = 1
assert libc.timerfd_settime(timer, ABSOLUTE, ctypes.byref(setting), None) == 0
os.read(timer, 8)
print(round(time.clock_gettime(time.CLOCK_BOOTTIME) - begin, 1))
PYTHON
library=$(find "$folder" -name libfaketime.so.1)
waited() { FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME=$1 LD_PRELOAD=$library python3 wait.py; }
without=$(waited +0)
with=$(waited -5s)
echo "libfaketime 0.9.10: waited $without s without a step, $with s with a step of 5 s back"
python3 -c "import sys; a, b = map(float, sys.argv[1:]); sys.exit(not (0.9 <= a <= 2 and 5.9 <= b <= 8))" "$without" "$with"
