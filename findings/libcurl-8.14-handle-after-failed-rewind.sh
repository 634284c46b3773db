#!/usr/bin/env bash
# In libcurl 8.14.1 (Debian 13) a handle that once couldn't send a body again fails for ever.
#
# A kept connection turns out to be dead when a POST goes out on it, and the body comes from a callback that can't rewind.
# That one transfer fails, rightly, with 65 ("necessary data rewind was not possible"). With 8.14.1 each later transfer of
# the same handle fails with 65 as well, on new connections, to servers that are well, and without being sent;
# curl_easy_reset doesn't mend it. With 7.88.1 (Debian 12) the next transfer succeeds. So a client that keeps its handles
# never gets through again after one reset.
#
# Seen with bookworm-backports' libcurl4 8.14.1 and Debian 12's 7.88.1; the numbers are curl's results of three POSTs, the
# second on a connection that the server has closed:
#   7.88.1: 0 65 0
#   8.14.1: 0 65 65
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
source=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
mkdir -p lists/partial cache/archives/partial
get() {
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $source $1 main" >sources.list
    apt=(apt-get -qq -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update >&2
    (cd "$2" && "${apt[@]}" download "libcurl4/$1" >&2 && dpkg-deb -x libcurl4_*.deb .)
}
mkdir old new
get bookworm old
get bookworm-backports new
cat >posts.py <<'PYTHON'
import ctypes
import socket
import sys
import threading

curl = ctypes.CDLL(sys.argv[1])
curl.curl_easy_init.restype = ctypes.c_void_p
curl.curl_version.restype = ctypes.c_char_p
URL, POST, SIZE, READ, WRITE, NOSIGNAL = 10002, 47, 60, 20012, 20011, 99
Callback = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)

listener = socket.create_server(("127.0.0.1", 0))


def serve():
    for number in range(9):
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection, number), daemon=True).start()


def answer(connection, number):
    first = True
    while True:
        data = b""
        while b"\r\n\r\nhello" not in data:
            piece = connection.recv(4096)
            if not piece:
                return connection.close()
            data += piece
        if number == 0 and not first:
            # As a server does that was restarted: what came on a kept connection isn't answered.
            return connection.close()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        first = False


threading.Thread(target=serve, daemon=True).start()
left = []


@Callback
def read(buffer, size, count, _):
    piece = left.pop() if left else b""
    ctypes.memmove(buffer, piece, len(piece))
    return len(piece)


@Callback
def write(_, size, count, __):
    return size * count


def setopt(option, value):
    assert curl.curl_easy_setopt(ctypes.c_void_p(handle), option, value) == 0


handle = curl.curl_easy_init()
results = []
for _ in range(3):
    curl.curl_easy_reset(ctypes.c_void_p(handle))
    setopt(URL, f"http://127.0.0.1:{listener.getsockname()[1]}/".encode())
    setopt(NOSIGNAL, ctypes.c_long(1))
    setopt(POST, ctypes.c_long(1))
    setopt(SIZE, ctypes.c_long(5))
    setopt(READ, read)
    setopt(WRITE, write)
    left[:] = [b"hello"]
    results.append(str(curl.curl_easy_perform(ctypes.c_void_p(handle))))
print(curl.curl_version().decode().split()[0].removeprefix("libcurl/") + ": " + " ".join(results))
PYTHON
try_with() { python3 posts.py "$(find "$folder/$1" -name libcurl.so.4)" | tee -a seen; }
try_with old
try_with new
printf '7.88.1: 0 65 0\n8.14.1: 0 65 65\n' | diff seen -
