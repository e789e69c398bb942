// Package clamd asks a ClamAV daemon, by its INSTREAM command over a Unix socket or TCP.
//
//	zINSTREAM\0 ─► (length of 4 bytes, big endian; that many bytes)* ─► length 0 ─► one reply, ended by NUL, then EOF
//
// Only the exact reply "stream: OK" is clean. A daemon is silent about what it left out because of its own limits unless
// it is told otherwise: it must run with AlertExceedsMax and AlertEncrypted (deploy/clamd.conf).
package clamd
