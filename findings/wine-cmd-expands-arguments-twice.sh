#!/usr/bin/env bash
# Wine 8.0's cmd looks for percent signs in what it has put in place of %* and %1; Windows' cmd goes on behind it.
#
# In a batch file %* stands for the arguments as they were given, and Windows expands a line once: a percent sign in an
# argument stays. Wine begins again at the place of %*, so that %NAME% in an argument is replaced, two percent signs
# become one, and a lone one is lost with what follows it. So who shows with Wine that a script passes its arguments
# whole has to give each percent sign twice more than on Windows, and who doesn't know it blames the script.
# (Windows' way: "How does the Windows Command Interpreter parse scripts?", Stack Overflow 4094699, percent expansion.)
#
# Seen with Debian 12's wine64 8.0~repack-4, where the batch file says "echo %*":
#   a%A%b is shown as aXb (by Windows as a%A%b); c%%d as c%d (by Windows as c%%d)
set -euo pipefail
wine=/usr/lib/wine/wine64
if [ ! -x $wine ] || [ "$(dpkg-query -W -f '${Version}' wine64)" != 8.0~repack-4 ]; then
    apt-get install -y -q --no-install-recommends wine64=8.0~repack-4 >/dev/null
fi
folder=$(mktemp -d)
export WINEPREFIX=$folder/prefix WINEDEBUG=-all
trap '/usr/lib/wine/wineserver64 -k || true; rm -rf "$folder"' EXIT
# A prefix by hand: nothing is set up, no programs are copied.
mkdir -p "$WINEPREFIX/dosdevices" "$WINEPREFIX/drive_c/windows/system32"
echo disable >"$WINEPREFIX/.update-timestamp"
ln -s ../drive_c "$WINEPREFIX/dosdevices/c:"
ln -s / "$WINEPREFIX/dosdevices/z:"
ln -s "$(dirname "$(dpkg -L libwine | grep '/x86_64-windows/cmd.exe$')")"/* "$WINEPREFIX/drive_c/windows/system32"
cd "$folder"
printf '@echo off\r\necho %%*\r\n' >show.cmd
# In a file a percent sign is written twice, to be given once.
printf '@echo off\r\nset A=X\r\nshow.cmd %s\r\n' 'a%%A%%b' >one.cmd
printf '@echo off\r\nset A=X\r\nshow.cmd %s\r\n' 'c%%%%d' >two.cmd
shown() { timeout 60 $wine cmd /c "$1" </dev/null | tr -d '\r'; }
one=$(shown one.cmd) two=$(shown two.cmd)
echo "wine 8.0: a%A%b is shown as $one, c%%d as $two"
[ "$one" = aXb ] && [ "$two" = c%d ]
