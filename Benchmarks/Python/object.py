"""Writes 1 GiB of random bytes to a file and prints their CRC-32 as S3 writes it: object.py FILE"""
import base64
import os
import sys
import zlib

crc = 0
with open(sys.argv[1], "wb") as file:
    for _ in range(1 << 10):
        piece = os.urandom(1 << 20)
        crc = zlib.crc32(piece, crc)
        file.write(piece)
print(base64.b64encode(crc.to_bytes(4, "big")).decode())
