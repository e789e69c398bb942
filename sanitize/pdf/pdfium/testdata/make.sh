#!/bin/sh
# Makes the pictures of this folder; see README.md.
set -eu
python3 - <<'PY'
w, h = 37, 23
def write(name, head, samples):
    open(name, 'wb').write(head.encode() + bytes(v % 256 for y in range(h) for x in range(w) for v in samples(x, y)))
write('grey.pgm', f'P5\n{w} {h}\n255\n', lambda x, y: [7*x + 11*y])
write('colour.ppm', f'P6\n{w} {h}\n255\n', lambda x, y: [7*x, 11*y, x*y])
write('opacity.pam', f'P7\nWIDTH {w}\nHEIGHT {h}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n', lambda x, y: [7*x, 11*y, x*y, 6*x])
write('two-bits.raw', '', lambda x, y: [(x + y) % 4])
PY
for f in grey.pgm colour.ppm opacity.pam; do opj_compress -n 3 -i "$f" -o "${f%.*}.jp2"; done
opj_compress -n 3 -i two-bits.raw -F 37,23,1,2,u -o two-bits.jp2
rm -f grey.pgm colour.ppm opacity.pam two-bits.raw
